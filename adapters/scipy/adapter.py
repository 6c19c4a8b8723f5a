"""SciPy, by scipy.signal.correlate in both of its methods.

SciPy correlates one array with one array. Channels are one more axis, on which the filter fits
once, and so is the batch; stride keeps every s-th result, and each group sees its own channels. The
taps of a dilated filter meet every d-th value only: each of these parts of the input is correlated
by itself.
"""

from abc import abstractmethod
from itertools import product
from typing import Any, ClassVar

import numpy as np
import scipy
from scipy import signal

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unsupported
from reference import check_shapes, effective_kernel, every
from reference.geometry import per_axis


class OneByOne(Adapter):
    """What correlates one array with one array."""

    version = scipy.__version__
    capabilities = Capabilities(named_padding=("valid",))
    function: ClassVar[str]

    @abstractmethod
    def correlate(self, parts: Array, taps: Array) -> Array:
        """Where ``taps`` (C, \\*kernel) lie wholly in ``parts`` (N, C, \\*size): (N, \\*out)."""

    @abstractmethod
    def definition(self) -> list[str]:
        """Lines of Python that import what they need and define :meth:`correlate`."""

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
        for name, steps in (("stride", stride), ("dilation", dilation)):
            per_axis(steps, x.ndim - 2, name)
        if x.dtype not in ("float64", "float32"):
            raise Unsupported(f"{self.function} does not compute in {x.dtype}")
        if not isinstance(padding, str):
            x = np.pad(x, ((0, 0), (0, 0), *padding))
        extents = effective_kernel(filters.shape[2:], dilation)
        out = tuple(n - k + 1 for k, n in zip(extents, x.shape[2:], strict=True))
        if min(out) < 1:
            raise Unsupported(f"{self.function} has no such results where the filter is larger")

        result = np.empty((len(x), len(filters), *out), x.dtype)
        groups_of_channels = np.split(x, groups, axis=1)
        for k, taps in enumerate(filters if len(x) else ()):
            seen = groups_of_channels[k * groups // len(filters)]
            for first in product(*map(range, np.minimum(dilation, out))):
                held: Any = (..., *map(slice, first, x.shape[2:], dilation))
                result[:, k][held] = self.correlate(seen[held], taps)
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
        lines, group = [*self.definition(), ""], ""
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
        if max(dilation) > 1:
            lines += [
                f"    for start in np.ndindex(*np.minimum({dilation}, out)):",
                f"        seen = (..., *map(slice, start, x.shape[2:], {dilation}))",
                "        got[n, k][seen] = correlate(part[seen], taps)",
            ]
        else:
            lines.append("    got[n, k] = correlate(part, taps)")
        if max(stride) > 1:
            lines.append(f"got = got[..., {', '.join(f'::{step}' for step in stride)}]")
        if bias:
            lines.append(f"got = got + bias.reshape({(-1, *(1 for _ in stride))})")
        return "\n".join(lines)


class SciPyDirect(OneByOne):
    name = "scipy-direct"
    function = "scipy.signal.correlate"
    method: ClassVar[str] = "direct"

    def correlate(self, parts: Array, taps: Array) -> Array:
        return np.asarray(signal.correlate(parts, taps[None], mode="valid", method="direct")[:, 0])

    def definition(self) -> list[str]:
        return [
            "from scipy import signal",
            "",
            "def correlate(part, taps):",
            f'    return signal.correlate(part, taps, mode="valid", method="{self.method}")[0]',
        ]


class SciPyFFT(SciPyDirect):
    name = "scipy-fft"
    method = "fft"
    capabilities = Capabilities(named_padding=("valid",), promises={"float64": "B", "float32": "B"})

    def correlate(self, parts: Array, taps: Array) -> Array:
        """What scipy.signal.correlate computes of each item, without a transform of the batch."""
        axes = tuple(range(1, parts.ndim))
        turned = np.flip(taps)[None]
        return np.asarray(signal.fftconvolve(parts, turned, mode="valid", axes=axes)[:, 0])
