"""The contract between the suite and a backend: NumPy arrays in, a NumPy array out.

Adapters outside this repository depend on this file; it does not change without a version.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...] | str

CONTRACT = 1
DTYPES = ("float64", "float32", "float16", "bfloat16")
NAMED_PADDING = ("valid", "same_upper", "same_lower")
GRADE = re.compile(r"A|B|C\(([1-9]|[1-4]\d|5[0-2])\)")
RESULT_DTYPES = (
    *(*DTYPES, "bool"),
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
)
LARGEST_ARRAY = 2**30  # bytes
_LONGEST_MESSAGE = 2000


class Unsupported(Exception):  # noqa: N818 (an answer, not an error)
    """Raised by an adapter for a call that its backend does not offer; the message says why."""


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
    promises
        dtype -> grade, for a backend that does not promise a direct algorithm's accuracy (A):
        "B" for fast algorithms such as an FFT, which hold a bound on norms only; "C(b)" for those
        that round their inputs to b bits first: "C(11)" for TF32, "C(8)" for bfloat16 products.
    """

    dtypes: tuple[str, ...] = ("float64", "float32")
    spatial_axes: tuple[int, ...] = (1, 2, 3)
    named_padding: tuple[str, ...] = ()
    promises: Mapping[str, str] = field(default_factory=dict)


class Adapter(ABC):
    """How one backend is asked. Subclasses set ``name`` and implement ``cross_correlate``.

    The class is instantiated without arguments, and may then raise Unavailable.
    """

    name: str = ""
    spec: str = ""  # set by the registry: what the user asked for
    version: str = "unknown"
    capabilities: Capabilities = Capabilities()

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

    def decline_unclaimed(self, padding: Padding) -> None:
        """Raise Unsupported for padding by a name that ``capabilities`` does not list."""
        if isinstance(padding, str) and padding not in self.capabilities.named_padding:
            raise Unsupported(f"{self.name} does not take padding by the name {padding!r}")

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
