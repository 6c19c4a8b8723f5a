"""Adapters with the mistakes that people make who write one, around a backend that is right.

The backend has channels last, as many do: images (N, *size, C), kernels (*size, C / groups, K).
"""

import os
import time
from typing import Any

import numpy as np

import reference
from adapters import Adapter, Capabilities, Unsupported
from adapters.contract import Array
from reference import pooling


def backend(
    images: Array,
    kernels: Array,
    *,
    strides: Any = 1,
    padding: Any = 0,
    rates: Any = 1,
    groups: int = 1,
    flipped: bool = False,
) -> Array:
    """A framework's own function: (N, *out, K)."""
    x, filters = np.moveaxis(images, -1, 1), np.moveaxis(kernels, (-1, -2), (0, 1))
    correlate = reference.convolve if flipped else reference.cross_correlate
    found = correlate(x, filters, stride=strides, padding=padding, dilation=rates, groups=groups)
    return np.moveaxis(found, 1, -1)


class Healthy(Adapter):
    """Each of the methods is where another class goes wrong."""

    name, version = "healthy", "1.0"

    def __init__(self) -> None:
        self.kept: dict[Any, Array] = {}

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Any:
        self.decline_unclaimed(parameters["padding"])
        result = backend(self.images(x), self.kernels(filters), **self.asked(**parameters))
        return self.biased(self.maps(result), bias)

    def images(self, x: Array) -> Array:
        return np.moveaxis(x, 1, -1)

    def kernels(self, filters: Array) -> Array:
        return np.moveaxis(filters, (1, 0), (-2, -1))

    def maps(self, result: Array) -> Array:
        return np.moveaxis(result, -1, 1)

    def biased(self, result: Array, bias: Array | None) -> Any:
        return result if bias is None else result + bias.reshape(-1, *(1,) * (result.ndim - 2))

    def asked(self, *, stride: Any, padding: Any, dilation: Any, groups: int) -> dict[str, Any]:
        return {"strides": stride, "padding": padding, "rates": dilation, "groups": groups}


class NothingConverted(Healthy):
    def images(self, x: Array) -> Array:
        return x

    def kernels(self, filters: Array) -> Array:
        return filters

    def maps(self, result: Array) -> Array:
        return result


class ImagesNotConverted(Healthy):
    def images(self, x: Array) -> Array:
        return x


class ImagesReshaped(Healthy):
    def images(self, x: Array) -> Array:
        return x.reshape(len(x), *x.shape[2:], x.shape[1])


class KernelsNotConverted(Healthy):
    def kernels(self, filters: Array) -> Array:
        return filters


class KernelsSwapped(Healthy):
    def kernels(self, filters: Array) -> Array:
        return np.moveaxis(filters, (0, 1), (-2, -1))


class MapsNotConverted(Healthy):
    def maps(self, result: Array) -> Array:
        return result

    def biased(self, result: Array, bias: Array | None) -> Any:
        return result if bias is None else result + bias


class AxesSwapped(Healthy):
    def kernels(self, filters: Array) -> Array:
        return filters.T


class Convolution(Healthy):
    def asked(self, **parameters: Any) -> dict[str, Any]:
        return super().asked(**parameters) | {"flipped": True}


class PaddingSwapped(Healthy):
    def asked(self, *, padding: Any, **others: Any) -> dict[str, Any]:
        return super().asked(padding=[pair[::-1] for pair in padding], **others)


class PaddingSymmetric(Healthy):
    def asked(self, *, padding: Any, **others: Any) -> dict[str, Any]:
        return super().asked(padding=[(low, low) for low, _ in padding], **others)


class PaddingReversed(Healthy):
    """As torch.nn.functional.pad wants it: the last axis first."""

    def asked(self, *, padding: Any, **others: Any) -> dict[str, Any]:
        return super().asked(padding=padding[::-1], **others)


class StrideAndDilationSwapped(Healthy):
    def asked(self, *, stride: Any, dilation: Any, **others: Any) -> dict[str, Any]:
        return super().asked(stride=dilation, dilation=stride, **others)


class StrideIgnored(Healthy):
    def asked(self, **parameters: Any) -> dict[str, Any]:
        return super().asked(**parameters) | {"strides": 1}


class DilationIgnored(Healthy):
    def asked(self, **parameters: Any) -> dict[str, Any]:
        return super().asked(**parameters) | {"rates": 1}


class OneStride(Healthy):
    def asked(self, **parameters: Any) -> dict[str, Any]:
        return super().asked(**parameters) | {"strides": parameters["stride"][0]}


class GroupsIgnored(Healthy):
    def asked(self, **parameters: Any) -> dict[str, Any]:
        return super().asked(**parameters) | {"groups": 1}


class BiasIgnored(Healthy):
    def biased(self, result: Array, bias: Array | None) -> Any:
        return result


class BiasOnTheLastAxis(Healthy):
    def biased(self, result: Array, bias: Array | None) -> Any:
        return result if bias is None else result + bias


class BiasAlways(Healthy):
    def biased(self, result: Array, bias: Any) -> Any:
        return result + bias.reshape(-1, *(1,) * (result.ndim - 2))


class Float32(Healthy):
    def maps(self, result: Array) -> Array:
        return super().maps(result).astype("float32")


class SecretlyFloat32(Healthy):
    def images(self, x: Array) -> Array:
        return super().images(x).astype("float32").astype(x.dtype)


class ClaimsFloat32Only(SecretlyFloat32):
    capabilities = Capabilities(dtypes=("float32",))


class ChangesItsInput(Healthy):
    def images(self, x: Array) -> Array:
        x *= 2
        return super().images(x) / 2


class OneBuffer(Healthy):
    """Returns the same memory each time."""

    def biased(self, result: Array, bias: Array | None) -> Any:
        memory = self.kept.setdefault(result.dtype, np.empty(10_000, result.dtype))
        shared = memory[: result.size].reshape(result.shape)
        shared[...] = super().biased(result, bias)
        return shared


class OutputsFirstNotConverted(Healthy):
    """Its backend wants (K, *kernel, C)."""

    def kernels(self, filters: Array) -> Array:
        return np.moveaxis(filters, 0, -1)


class OutputsFirstMadeLast(Healthy):
    def kernels(self, filters: Array) -> Array:
        return np.moveaxis(super().kernels(filters), 0, -1)


class KeepsTheFilters(Healthy):
    """As a session that was compiled with them, found again by their shape."""

    def kernels(self, filters: Array) -> Array:
        return super().kernels(self.kept.setdefault((filters.shape, filters.dtype), filters.copy()))


class ReadsMemory(Healthy):
    def images(self, x: Array) -> Array:
        assert x.base is None or x.flags.c_contiguous, "the array is not contiguous"
        return super().images(x)


class ReturnsList(Healthy):
    def biased(self, result: Array, bias: Array | None) -> Any:
        return super().biased(result, bias).tolist()


class Squeezed(Healthy):
    def biased(self, result: Array, bias: Array | None) -> Any:
        return super().biased(result, bias).squeeze()


class OtherErrors(Healthy):
    def asked(self, **parameters: Any) -> dict[str, Any]:
        if parameters["groups"] > 1:
            raise NotImplementedError("groups")
        return super().asked(**parameters)


class OtherSignature(Healthy):
    def cross_correlate(self, x: Array, filters: Array, stride: int = 1) -> Array:  # type: ignore[override]
        return backend(x, filters, strides=stride)


class DeclinesAll(Healthy):
    def cross_correlate(self, *arrays: Any, **parameters: Any) -> Array:
        raise Unsupported("some day")


class ClaimsTooMuch(Healthy):
    capabilities = Capabilities(dtypes=("float64", "float32", "float16"))

    def asked(self, **parameters: Any) -> dict[str, Any]:
        if len(parameters["stride"]) == 3:
            raise ValueError("rank 5 is not 3 or 4")
        return super().asked(**parameters)

    def maps(self, result: Array) -> Array:
        if result.dtype == "float16":
            raise TypeError("half is not a dtype of acme")
        return super().maps(result)


class ClaimsNothing(Healthy):
    capabilities = Capabilities(dtypes=())


class Slow(Healthy):
    version = "unknown"

    def images(self, x: Array) -> Array:
        time.sleep(1.1)
        return super().images(x)


class Hangs(Healthy):
    def images(self, x: Array) -> Array:
        if x.shape[1] == 3:
            time.sleep(3600)
        return super().images(x)


class ConvolutionWithSwappedPadding(Convolution, PaddingSwapped):
    pass


class NothingConvertedAndConvolution(NothingConverted, Convolution):
    pass


class WrongBackend(Healthy):
    """What no adapter does by mistake."""

    def maps(self, result: Array) -> Array:
        return np.asarray(super().maps(result) + (result.shape[1] > 4))


class Dies(Healthy):
    def images(self, x: Array) -> Array:
        os.abort()


class WrongMaximum(Healthy):
    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return np.asarray(-pooling.max_pool(-x, **parameters))


class ErrorInDense(Healthy):
    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        raise ZeroDivisionError


class WrongGradients(Healthy):
    def gradients(self, operation: str, arrays: Any, *others: Any) -> dict[str, Array]:
        found = super().gradients(operation, arrays, *others)
        return found | {"filters": -found["filters"]}


class TwoAxes(Healthy):
    """It has operations of its own, and not one of them for any other number of axes."""

    capabilities = Capabilities(spatial_axes=(2,))

    def gradients(self, operation: str, arrays: Any, *others: Any) -> dict[str, Array]:
        assert arrays["x"].ndim == 4
        return super().gradients(operation, arrays, *others)

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        assert x.ndim == 4
        return np.asarray(pooling.max_pool(x, **parameters))


class Careless(Adapter):
    name = "careless"

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        try:
            if parameters["groups"] == 3:
                raise Unsupported
            if x.shape[-1] == 1:
                return np.zeros((1, 1, 0, 0))
            if parameters["groups"] > x.shape[1]:
                parameters["groups"] = 1
            return reference.cross_correlate(x, filters, bias, **parameters)
        except reference.SpecError:
            return np.zeros(x.shape)


class DeclinesItsClaims(Adapter):
    name = "declines its claims"
    version = "1"
    capabilities = Capabilities(named_padding=("valid",))

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        if x.ndim == 5 or x.dtype == "float32" or parameters["padding"] == "valid":
            raise Unsupported("not today")
        return reference.cross_correlate(x, filters, bias, **parameters)
