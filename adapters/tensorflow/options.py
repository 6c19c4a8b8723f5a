"""The options of the adapter of TensorFlow, and what must be set before TensorFlow is imported."""

import os
import sys
from collections.abc import Collection

from adapters.contract import Unavailable
from adapters.keras.engine import choose
from adapters.options import one_of

OPTIONS = {
    "function": "Each operation is a graph, by tf.function, in which the batch may be of any size.",
    "xla": "Each operation is compiled by XLA, by tf.function with jit_compile.",
    "raw_ops": "Cross-correlations are the raw operations Conv and DepthwiseConv2dNative.",
    "no_onednn": "oneDNN is off: TensorFlow computes by its own kernels.",
}


def set_up(options: Collection[str]) -> None:
    """Set what TensorFlow reads when it is imported.

    Raises Unavailable where it was imported before, or where the options contradict each other.
    """
    one_of(options, "function", "xla")
    one_of(options, "xla", "no_onednn")  # XLA has no use for oneDNN's kernels
    one_of(options, "xla", "raw_ops")  # XLA has one convolution
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "no_onednn" in options and os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0":
        if "tensorflow" in sys.modules:
            raise Unavailable("oneDNN is on in this process: TensorFlow was imported before")
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    choose("tensorflow")
