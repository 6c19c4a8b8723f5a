"""What several backends have to be asked of windows."""

from adapters.contract import Sizes
from reference.geometry import effective_kernel


def spans_less(kernel: Sizes, dilation: Sizes, stride: Sizes) -> bool:
    """Whether a filter spans less than the stride, on any axis."""
    extents = effective_kernel(kernel, dilation)
    return any(extent < step for extent, step in zip(extents, stride, strict=True))
