"""ncnn on the CPU: each call is a network of one layer, with the filters in it, which is run for
one item of the batch after another: ncnn has no batches. It computes no gradients.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import ncnn
import numpy as np

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unsupported
from adapters.dtypes import representable
from adapters.options import one_of
from reference import check_shapes
from reference.activations import LEAKY_SLOPE

_THREADS = int(os.environ.get("OMP_NUM_THREADS") or 0)
_SAME = {"same_upper": -233, "same_lower": -234}
_HALF = {"fp16": "float16", "bf16": "bfloat16"}
_OF_AXES = {1: "1D", 2: "", 3: "3D"}
# The numbers that ncnn's text format has for an amount on each axis, the last axis first.
_KERNEL, _DILATION, _STRIDE = (1, 11, 21), (2, 12, 22), (3, 13, 23)
_LOW, _HIGH = (4, 14, 24), (15, 16, 17)
_POOL_STRIDE, _POOL_LOW, _POOL_HIGH = (2, 12, 22), (3, 13, 23), (14, 15, 16)

_SCRIPT = """\
import tempfile

import ncnn

net = ncnn.Net()
{settings}
layer = f"{layer}"
net.load_param_mem("7767517\\n2 2\\nInput input 0 1 x\\n" + layer + "\\n")
with tempfile.NamedTemporaryFile() as file:
    file.write(bytes(4) + b"".join(a.astype("float32").tobytes() for a in ({weights},)))
    file.flush()
    assert net.load_model(file.name) == 0
got = []
for item in x:
    extractor = net.create_extractor()
    item = np.ascontiguousarray(item, "float32")
    extractor.input("x", ncnn.Mat(item).clone())
    code, result = extractor.extract("y")
    assert code == 0
    got.append(np.array(result))
got = np.stack(got).astype(x.dtype)
"""

Parameters = dict[int, float]

_ACTIVATIONS: dict[str, tuple[str, Parameters]] = {
    "relu": ("ReLU", {}),
    "leaky_relu": ("ReLU", {0: LEAKY_SLOPE}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("TanH", {}),
    "gelu": ("GELU", {0: 0}),
    "gelu_tanh": ("GELU", {0: 1}),
}


class NCNN(Adapter):
    name = "ncnn"
    version = ncnn.__version__
    options: ClassVar[Mapping[str, str]] = {
        "winograd": "Winograd's algorithms, which ncnn uses unless told not to.",
        "fp16": "Values and weights are kept in float16, as ncnn keeps them unless told not to.",
        "bf16": "Values and weights are kept in bfloat16.",
    }

    def __init__(self, *options: str) -> None:
        half = one_of(options, *_HALF)
        dtypes = representable(_HALF[half]) if half else ("float32",)
        self.settings = {
            "num_threads": _THREADS or ncnn.get_big_cpu_count(),
            "use_winograd_convolution": "winograd" in options,
            "use_bf16_storage": half == "bf16",
            **{f"use_fp16_{use}": half == "fp16" for use in ("packed", "storage", "arithmetic")},
        }
        promises = dict.fromkeys(dtypes, "B") if "winograd" in options else {}
        self.capabilities = Capabilities(dtypes, named_padding=("valid", *_SAME), promises=promises)

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
        check_shapes(x, filters, bias, groups)  # a network knows nothing of these
        self.decline_unclaimed(padding)
        layer, parameters = _convolution(stride, padding, dilation, groups, bias is not None)
        parameters |= {0: len(filters), **_amounts(_KERNEL, filters.shape[2:]), 6: filters.size}
        return self._run(layer, parameters, x, [filters, *([] if bias is None else [bias])])

    def max_pool(self, x: Array, *, dilation: Sizes, **parameters: Any) -> Array:
        if max(dilation) > 1:
            raise Unsupported("ncnn's pools have no dilation")
        return self._pooled(x, 0, **parameters)

    def average_pool(self, x: Array, *, count_include_pad: bool, **parameters: Any) -> Array:
        return self._pooled(x, 1, count_include_pad=count_include_pad, **parameters)

    def activation(self, x: Array, *, kind: str) -> Array:
        layer, parameters = _ACTIVATIONS[kind]
        return self._run(layer, parameters, x, [])

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        parameters: Parameters = {0: len(weights), 1: int(bias is not None), 2: weights.size}
        given = [weights, *([] if bias is None else [bias])]
        return self._run("InnerProduct", parameters, x, given)

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
        layer, parameters = _convolution(stride, padding, dilation, groups, bias)
        kernel = (f"{key}={{filters.shape[-{i}]}}" for i, key in enumerate(_KERNEL, start=1))
        sizes = " ".join(["0={len(filters)}", *list(kernel)[: len(stride)], "6={filters.size}"])
        return _SCRIPT.format(
            settings="\n".join(f"net.opt.{key} = {value}" for key, value in self.settings.items()),
            layer=f"{layer} call 1 1 x y {_text(parameters)} {sizes}",
            weights="filters, bias" if bias else "filters",
        )

    def environment(self) -> dict[str, str]:
        return {
            "threads": str(self.settings["num_threads"]),
            "AVX2": str(bool(ncnn.cpu_support_x86_avx2())),
        }

    def _pooled(
        self,
        x: Array,
        how: int,
        *,
        kernel: Sizes,
        stride: Sizes,
        padding: Padding,
        ceil_mode: bool,
        count_include_pad: bool = False,
    ) -> Array:
        if ceil_mode:
            raise Unsupported("ncnn has no ceil_mode of this kind")
        rule = {"same_upper": 2, "same_lower": 3}.get(str(padding), 1)
        amounts = () if isinstance(padding, str) else padding
        parameters: Parameters = {
            0: how,
            **_amounts(_KERNEL, kernel),
            **_amounts(_POOL_STRIDE, stride),
            **_amounts(_POOL_LOW, [low for low, _ in amounts]),
            **_amounts(_POOL_HIGH, [high for _, high in amounts]),
            5: rule,
            6: int(count_include_pad),
        }
        return self._run("Pooling" + _OF_AXES[len(kernel)], parameters, x, [])

    def _run(self, layer: str, parameters: Parameters, x: Array, weights: list[Array]) -> Array:
        if not len(x):
            raise Unsupported("ncnn has no batches, so it gives nothing for an empty one")
        net = ncnn.Net()
        for name, value in self.settings.items():
            setattr(net.opt, name, value)
        head = "7767517\n2 2\nInput input 0 1 x\n"
        _succeeded(net.load_param_mem(f"{head}{layer} call 1 1 x y {_text(parameters)}\n"))
        with tempfile.NamedTemporaryFile() as file:
            # The four bytes say that what follows is float32.
            file.write(bytes(4) + b"".join(w.astype("float32").tobytes() for w in weights))
            file.flush()
            _succeeded(net.load_model(file.name))
        results = []
        for item in x:
            extractor = net.create_extractor()
            values = np.ascontiguousarray(item, "float32")  # a Mat does not keep it alive
            _succeeded(extractor.input("x", ncnn.Mat(values).clone()))
            code, result = extractor.extract("y")
            _succeeded(code)
            results.append(np.array(result))
        return np.stack(results).astype(x.dtype)


def _convolution(
    stride: Sizes, padding: Padding, dilation: Sizes, groups: int, bias: bool
) -> tuple[str, Parameters]:
    """The layer, and those of its parameters that do not hang on the filters."""
    layer = "Convolution" if groups == 1 else "ConvolutionDepthWise"
    parameters: Parameters = {
        **_amounts(_DILATION, dilation),
        **_amounts(_STRIDE, stride),
        5: int(bias),
        **({7: groups} if groups > 1 else {}),
    }
    if padding in _SAME:
        parameters[4] = _SAME[str(padding)]
    elif not isinstance(padding, str):
        parameters |= _amounts(_LOW, [low for low, _ in padding])
        parameters |= _amounts(_HIGH, [high for _, high in padding])
    return layer + _OF_AXES[len(stride)], parameters


def _amounts(keys: tuple[int, ...], amounts: Sequence[int]) -> Parameters:
    return dict(zip(keys, reversed(amounts), strict=False))


def _text(parameters: Parameters) -> str:
    return " ".join(f"{key}={value}" for key, value in parameters.items())


def _succeeded(code: int) -> None:
    if code:
        raise RuntimeError(f"ncnn returns the error {code}")
