"""SciPy, by scipy.signal.correlate in both of its methods.

SciPy correlates one array with one array. Channels are one more axis, on which the filter fits
once; stride keeps every s-th result, dilation puts zeros between the taps of the filter, and each
group sees its own channels.
"""

from typing import ClassVar

import numpy as np
import scipy
from scipy import signal

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unsupported
from reference import check_shapes, effective_kernel, every


class SciPyDirect(Adapter):
    name = "scipy-direct"
    method: ClassVar[str] = "direct"
    version = scipy.__version__
    capabilities = Capabilities(named_padding=("valid",))

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
        check_shapes(x, filters, bias, groups)
        self.decline_unclaimed(padding)
        if x.dtype not in ("float64", "float32"):
            raise Unsupported(f"scipy.signal.correlate does not compute in {x.dtype}")
        if not isinstance(padding, str):
            x = np.pad(x, ((0, 0), (0, 0), *padding))
        holed = np.zeros(
            (*filters.shape[:2], *effective_kernel(filters.shape[2:], dilation)), filters.dtype
        )
        holed[every(dilation)] = filters
        if any(k > n for k, n in zip(holed.shape[2:], x.shape[2:], strict=True)):
            raise Unsupported("scipy.signal.correlate swaps its operands when the filter is larger")

        out = tuple(n - k + 1 for k, n in zip(holed.shape[2:], x.shape[2:], strict=True))
        result = np.empty((len(x), len(filters), *out), x.dtype)
        for item, maps in zip(x, result, strict=True):
            parts = np.split(item, groups)
            for k, taps in enumerate(holed):
                part = parts[k * groups // len(filters)]
                (maps[k],) = signal.correlate(part, taps, mode="valid", method=self.method)
        result = np.asarray(result[every(stride)])
        if bias is not None:
            result = np.add(result, bias.reshape(-1, *(1 for _ in stride)))
        return result


class SciPyFFT(SciPyDirect):
    name = "scipy-fft"
    method = "fft"
    capabilities = Capabilities(named_padding=("valid",), promises={"float64": "B", "float32": "B"})
