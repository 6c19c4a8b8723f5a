"""SciPy, by scipy.signal.correlate in both of its methods.

SciPy correlates one array with one array. Channels are one more axis, on which the filter fits
once; stride keeps every s-th result, and each group sees its own channels. The taps of a dilated
filter meet every d-th value only: each of these parts of the input is correlated by itself.
"""

from itertools import product
from typing import Any, ClassVar

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
        extents = effective_kernel(filters.shape[2:], dilation)
        out = tuple(n - k + 1 for k, n in zip(extents, x.shape[2:], strict=True))
        if min(out) < 1:
            raise Unsupported("scipy.signal.correlate swaps its operands when the filter is larger")

        result = np.empty((len(x), len(filters), *out), x.dtype)
        for item, maps in zip(x, result, strict=True):
            parts = np.split(item, groups)
            for k, taps in enumerate(filters):
                part = parts[k * groups // len(filters)]
                for first in product(*map(range, np.minimum(dilation, out))):
                    seen: Any = (..., *map(slice, first, x.shape[2:], dilation))
                    (maps[k][seen],) = signal.correlate(
                        part[seen], taps, mode="valid", method=self.method
                    )
        result = np.asarray(result[every(stride)])
        if bias is not None:
            result = np.add(result, bias.reshape(-1, *(1 for _ in stride)))
        return result

    def script(
        self,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
        bias: bool,
        dtype: str,
    ) -> str:
        lines, group = ["from scipy import signal", ""], ""
        if not isinstance(padding, str) and any(map(any, padding)):
            lines.append(f"x = np.pad(x, {((0, 0), (0, 0), *padding)})")
        lines += [
            f"span = np.multiply({dilation}, np.subtract(filters.shape[2:], 1))",
            "out = np.subtract(x.shape[2:], span)",
            "got = np.empty((len(x), len(filters), *out), x.dtype)",
            "for n, k in np.ndindex(got.shape[:2]):",
        ]
        if groups > 1:
            lines.append(f"    first = k * {groups} // len(filters) * filters.shape[1]")
            group = ", first : first + filters.shape[1]"
        lines.append(f"    part, taps = x[n{group}], filters[k]")
        how = f'taps, mode="valid", method="{self.method}"'
        if max(dilation) > 1:
            lines += [
                f"    for start in np.ndindex(*np.minimum({dilation}, out)):",
                f"        seen = (..., *map(slice, start, x.shape[2:], {dilation}))",
                f"        (got[n, k][seen],) = signal.correlate(part[seen], {how})",
            ]
        else:
            lines.append(f"    (got[n, k],) = signal.correlate(part, {how})")
        if max(stride) > 1:
            lines.append(f"got = got[..., {', '.join(f'::{step}' for step in stride)}]")
        if bias:
            lines.append(f"got = got + bias.reshape({(-1, *(1 for _ in stride))})")
        return "\n".join(lines)


class SciPyFFT(SciPyDirect):
    name = "scipy-fft"
    method = "fft"
    capabilities = Capabilities(named_padding=("valid",), promises={"float64": "B", "float32": "B"})
