"""convspec: the specification, as NumPy that can be read: it defines what is right.

Arrays have the layout (N, C, *size): batch, channels, spatial axes. See
:func:`cross_correlate` for the operation that everything here is about.
"""

from reference.correlation import check_shapes, convolve, cross_correlate, frobenius_inner_product
from reference.errors import ParameterError, ShapeError, SizeError, SpecError
from reference.filters import EDGES, edge_filters, sobel_filters
from reference.geometry import effective_kernel, every, output_size, pad, resolve_padding, windows

__all__ = [
    "EDGES",
    "ParameterError",
    "ShapeError",
    "SizeError",
    "SpecError",
    "check_shapes",
    "convolve",
    "cross_correlate",
    "edge_filters",
    "effective_kernel",
    "every",
    "frobenius_inner_product",
    "output_size",
    "pad",
    "resolve_padding",
    "sobel_filters",
    "windows",
]
