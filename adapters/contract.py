"""The contract between the suite and a backend: NumPy arrays in, a NumPy array out.

Adapters outside this repository depend on this file; it does not change without a version.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from reference import gradients, training
from reference.network import Network, Weights
from reference.optimizers import Optimizer

Array = np.ndarray[Any, np.dtype[Any]]
Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...] | str

CONTRACT = 2
DTYPES = ("float64", "float32", "float16", "bfloat16")
NAMED_PADDING = ("valid", "same_upper", "same_lower")
GRADE = re.compile(r"A|B|C\(([1-9]|[1-4]\d|5[0-2])\)")
RESULT_DTYPES = (
    *(*DTYPES, "bool"),
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
)
LARGEST_ARRAY = 2**30  # bytes
_LONGEST_MESSAGE = 2000
DERIVED = ("gradients of cross_correlate", "transposed_cross_correlate", "train", "predict")
OPERATIONS = (
    *DERIVED,
    *(
        operation
        for name in (
            "max_pool",
            "average_pool",
            "activation",
            "dense",
            "batch_norm",
            "dropout",
            "softmax_cross_entropy",
        )
        for operation in (name, f"gradients of {name}")
    ),
    "gradients of transposed_cross_correlate",
    "optimize",
)


class Unsupported(Exception):  # noqa: N818 (an answer, not an error)
    """Raised by an adapter for a call that its backend does not offer; the message says why."""


class NotOffered(Unsupported):
    """What an adapter has no method for."""


class Unavailable(Exception):  # noqa: N818
    """Raised when a backend cannot run here: not installed, no such device, a broken adapter."""


@dataclass(frozen=True)
class Capabilities:
    """What an adapter claims. Claims are tested: one that does not hold is a failure.

    dtypes
        the dtypes its backend computes in, out of float64, float32, float16 and bfloat16
        (the last as the NumPy dtype of the package ml_dtypes).
    spatial_axes
        the numbers of spatial axes: 1, 2, 3.
    named_padding
        the framework's own padding rules that ``padding`` may name instead of giving amounts:
        "valid", "same_upper" (an odd zero goes after the input), "same_lower" (before it).
    named_transposed_padding
        those of these names that ``padding`` of ``transposed_cross_correlate`` may be.
    promises
        dtype -> grade, for a backend that does not promise a direct algorithm's accuracy (A):
        "B" for fast algorithms such as an FFT, which hold a bound on norms only; "C(b)" for those
        that round their inputs to b bits first: "C(11)" for TF32, "C(8)" for bfloat16 products.
    compiles
        whether it compiles, or builds a model, for each new shape: then a check keeps to few
        shapes, and tries each on several values.
    """

    dtypes: tuple[str, ...] = ("float64", "float32")
    spatial_axes: tuple[int, ...] = (1, 2, 3)
    named_padding: tuple[str, ...] = ()
    promises: Mapping[str, str] = field(default_factory=dict)
    compiles: bool = False
    named_transposed_padding: tuple[str, ...] = ()


class Adapter(ABC):
    """How one backend is asked. Subclasses set ``name`` and implement ``cross_correlate``.

    The class is instantiated without arguments, and may then raise Unavailable.

    One with modes declares them as ``options``, each with a sentence that says what it does, and
    takes those that the user chose (``acme+jit``) as ``def __init__(self, *options: str)``; it
    raises Unavailable for those that contradict each other. Each choice is a backend of its own,
    whose name ends in its options.
    """

    name: str = ""
    spec: str = ""  # set by the registry: what the user asked for
    version: str = "unknown"
    capabilities: Capabilities = Capabilities()
    options: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def cross_correlate(
        self,
        x: Array,
        filters: Array,
        bias: Array | None = None,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        """The backend's own cross-correlation, which deep learning calls convolution.

        ``x`` (N, C, \\*size), ``filters`` (K, C / groups, \\*kernel), ``bias`` (K,) or None, all of
        one dtype; the result is (N, K, \\*out) of that dtype. ``stride`` and ``dilation`` hold an
        int for each spatial axis, ``padding`` a (low, high) pair of zeros added to each, or one
        of the names in ``capabilities.named_padding``.

        Raises Unsupported for what the backend does not offer, and any error for arguments that
        fit no result.
        """

    # -- Everything below is optional. What a subclass leaves out is reported as not offered, save
    # -- for what follows from its cross_correlate, which is reported as derived.

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        """By the backend's automatic differentiation: the gradient by each of the ``arrays`` of
        numbers that ``operation``, a method of this class, was given by name, where ``gradient`` is
        that by its result. Labels and what batch normalisation keeps have none.

        Derived for ``cross_correlate``, whose gradients are cross-correlations, too.
        """
        if operation != "cross_correlate":
            raise NotOffered(f"gradients of {operation}: not offered")
        x, filters, settings = arrays["x"], arrays["filters"], dict(parameters)
        if isinstance(settings["padding"], str):
            self.decline_unclaimed(settings["padding"])
        correlate = self.cross_correlate
        found = {
            "x": gradients.input_gradient(
                gradient, filters, x.shape[2:], **settings, correlate=correlate
            ),
            "filters": gradients.filter_gradient(
                x, gradient, filters.shape[2:], **settings, correlate=correlate
            ),
        }
        if "bias" in arrays:
            by_bias = gradients.bias_gradient_as_cross_correlation(gradient)
            found["bias"] = by_bias.by(correlate)
        return found

    def transposed_cross_correlate(
        self,
        x: Array,
        filters: Array,
        bias: Array | None = None,
        *,
        stride: Sizes,
        padding: Padding,
        output_padding: Sizes,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        """See :func:`reference.gradients.transposed_cross_correlate`; ``padding`` may be one of the
        names in ``capabilities.named_transposed_padding``, which implies the size of the result:
        ``output_padding`` is then all zeros, and means nothing. Derived.
        """
        return gradients.transposed_cross_correlate(
            x,
            filters,
            bias,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            dilation=dilation,
            groups=groups,
            correlate=self.cross_correlate,
        )

    def max_pool(
        self,
        x: Array,
        *,
        kernel: Sizes,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        ceil_mode: bool,
    ) -> Array:
        """See :func:`reference.pooling.max_pool`; ``padding`` as in ``cross_correlate``."""
        raise NotOffered("max_pool: not offered")

    def average_pool(
        self,
        x: Array,
        *,
        kernel: Sizes,
        stride: Sizes,
        padding: Padding,
        ceil_mode: bool,
        count_include_pad: bool,
    ) -> Array:
        """See :func:`reference.pooling.average_pool`; ``padding`` as in ``cross_correlate``."""
        raise NotOffered("average_pool: not offered")

    def activation(self, x: Array, *, kind: str) -> Array:
        """``kind``: one of :data:`reference.activations.ACTIVATIONS`, where the formulas are."""
        raise NotOffered("activation: not offered")

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        """See :func:`reference.layers.dense`: ``x`` (N, I), ``weights`` (O, I), ``bias`` (O,)."""
        raise NotOffered("dense: not offered")

    def batch_norm(
        self,
        x: Array,
        scale: Array,
        shift: Array,
        mean: Array,
        variance: Array,
        *,
        training: bool,
        momentum: float,
        epsilon: float,
        unbiased: bool,
    ) -> dict[str, Array]:
        """See :func:`reference.layers.batch_norm`: returns "result", "mean" and "variance". Raises
        Unsupported where ``unbiased`` is not what the backend does.
        """
        raise NotOffered("batch_norm: not offered")

    def dropout(self, x: Array, *, rate: float, seed: int, training: bool) -> Array:
        """Some values set to zero, the others divided by 1 - ``rate``, in ``training``; ``x`` as it
        is otherwise. Equal seeds drop the same places.
        """
        raise NotOffered("dropout: not offered")

    def softmax_cross_entropy(
        self,
        logits: Array,
        labels: Array,
        class_weights: Array | None = None,
        *,
        label_smoothing: float,
        reduction: str,
    ) -> Array:
        """See :func:`reference.loss.softmax_cross_entropy`: a scalar, of shape (). Raises
        Unsupported for a ``reduction`` or a combination that the backend does not have.
        """
        raise NotOffered("softmax_cross_entropy: not offered")

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        """The weights, (T, \\*shape), after each step of the backend's own optimizer, which is
        given the ``gradients`` (T, \\*shape) one after another. Raises Unsupported for conventions
        that are not the backend's.
        """
        raise NotOffered("optimize: not offered")

    def train(
        self,
        network: Network,
        weights: Weights,
        images: Array,
        labels: Array,
        batches: Array,
        optimizer: Optimizer,
        *,
        compiled: bool = False,
        progress: Callable[[int], None] = lambda step: None,
    ) -> tuple[Array, Weights]:
        """Train the backend's own model of the ``network`` from these ``weights`` by its own loss
        (softmax cross-entropy, mean) and optimizer: the loss before each step, (T,), and the
        weights after the last.

        ``images`` (M, C, \\*size) in the dtype to compute in, ``labels`` (M,) ints, ``batches``
        (T, B) indices of both. ``compiled``: as a compiled graph, where the backend has both;
        Unsupported where it has not. Call ``progress`` with the number of steps done, now and then.

        Derived: the reference's training, with the backend's cross-correlation in it.
        """
        if compiled:
            raise NotOffered("compiled training: not offered")
        losses = []
        for step in training.train(
            network, weights, images, labels, batches, optimizer, self.cross_correlate
        ):
            losses.append(step.loss)
            weights = step.weights
            progress(step.number + 1)
        return np.array(losses, images.dtype), weights

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        """The logits of ``images`` (M, C, \\*size), (M, classes), by the backend's own model.

        Derived like ``train``.
        """
        return training.predict(network, weights, images, self.cross_correlate)

    def offers(self, operation: str) -> str:
        """How the backend comes to have an operation: "own", "derived" or "not offered"."""
        method = "gradients" if operation.startswith("gradients of ") else operation
        if getattr(type(self), method) is not getattr(Adapter, method):
            return "own"
        return "derived" if operation in DERIVED else "not offered"

    def decline_unclaimed(self, padding: Padding, operation: str = "cross_correlate") -> None:
        """Raise Unsupported for padding by a name that ``capabilities`` does not list for the
        operation.
        """
        claims = self.capabilities
        transposed = operation.endswith("transposed_cross_correlate")  # its gradients, too
        named = claims.named_transposed_padding if transposed else claims.named_padding
        if isinstance(padding, str) and padding not in named:
            of_what = "of a transpose " if transposed else ""
            raise Unsupported(f"{self.name} does not take padding {of_what}by the name {padding!r}")

    def environment(self) -> dict[str, str]:
        """What the results may depend on: device, threads, flags."""
        return {}

    def script(
        self,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
        bias: bool,
        dtype: str,
    ) -> str | None:
        """Lines of Python that make such a call by the backend's own API, for the script that
        shows a failure where this package is not installed; None, the default, for no such lines.

        They import what they need, but for NumPy, which is there as ``np``, and for ml_dtypes
        where ``dtype`` is bfloat16. They find the arrays ``x``, ``filters`` and, if ``bias`` is
        true, ``bias``, all of ``dtype`` and in the layout of ``cross_correlate``, and leave its
        result in the array ``got``.
        """
        return None


def checked(result: Any) -> Array:
    """What an adapter returned, if it is an array of real numbers and of a sane size; raises
    TypeError if it is anything else.
    """
    if not isinstance(result, np.ndarray):
        raise TypeError(f"the adapter returned {type(result).__name__}, not a NumPy array")
    if result.dtype.name not in RESULT_DTYPES:
        raise TypeError(f"the adapter returned an array of {result.dtype}, not of real numbers")
    if result.nbytes > LARGEST_ARRAY:
        raise TypeError(f"the adapter returned an array of shape {result.shape}: too large")
    return result


def text_of(error: BaseException) -> str:
    """What an exception says, however long or broken."""
    try:
        return str(error)[:_LONGEST_MESSAGE]
    except BaseException:
        return "(its text cannot be had)"
