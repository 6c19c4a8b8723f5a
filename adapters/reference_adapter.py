"""The reference itself, held to its own specification."""

import numpy as np

import reference
from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes


class Reference(Adapter):
    name = "reference"
    version = f"NumPy {np.__version__}"
    capabilities = Capabilities(
        dtypes=("float64", "float32", "float16"),
        named_padding=("valid", "same_upper", "same_lower"),
    )

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
        return reference.cross_correlate(
            x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
