"""What the reference costs, beside what a user would pick instead, on one thread each:

OMP_NUM_THREADS=1 python -m reference.tests.benchmark_correlation

Cross-correlations of the shapes of a small CNN, and their gradients: by SciPy, by PyTorch in
float64 and float32, and by the references of ONNX and of JAX, as far as they are installed.
"""

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from reference.correlation import cross_correlate
from reference.geometry import Array
from reference.gradients import bias_gradient, filter_gradient, input_gradient
from reference.tests.side_by_side import show

# Images, channels, height and width; filters, channels, kernel.
SHAPES = {
    "the first layer, 64 digits": ((64, 1, 28, 28), (8, 1, 3, 3)),
    "the second layer": ((64, 8, 13, 13), (16, 8, 3, 3)),
    "one image of many channels": ((1, 64, 28, 28), (64, 64, 3, 3)),
    "one small image": ((1, 3, 8, 8), (4, 3, 3, 3)),
    "filters as large as images": ((16, 1, 28, 28), (4, 1, 28, 28)),
}
Function = Callable[[], object]


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def forwards(x: Array, filters: Array) -> dict[str, Function]:
    """Each way to compute the same feature maps in float64, and one in float32."""
    found: dict[str, Function] = {"reference": lambda: cross_correlate(x, filters)}
    found["SciPy, correlate, direct"] = lambda: by_scipy(x, filters)
    if installed("torch"):
        import torch

        for dtype in (torch.float64, torch.float32):
            a, b = torch.tensor(x, dtype=dtype), torch.tensor(filters, dtype=dtype)
            found[f"PyTorch, {dtype}"] = lambda a=a, b=b: torch.conv2d(a, b)  # type: ignore[misc]
    if installed("onnx"):
        conv = onnx_conv()
        found["onnx.reference, Conv"] = lambda: conv.run(None, {"x": x, "w": filters})
    if installed("jax"):
        from jax._src import lax_reference

        found["JAX, lax_reference"] = lambda: lax_reference.conv(x, filters, (1, 1), "VALID")
    return found


def gradients(x: Array, filters: Array) -> dict[str, Function]:
    """The gradients by the input, the filters and the bias."""
    upstream = cross_correlate(x, filters)
    size, kernel = x.shape[2:], filters.shape[2:]

    def by_reference() -> object:
        return (
            input_gradient(upstream, filters, size),
            filter_gradient(x, upstream, kernel),
            bias_gradient(upstream),
        )

    found: dict[str, Function] = {"reference": by_reference}
    if installed("torch"):
        import torch

        for dtype in (torch.float64, torch.float32):
            arrays = [torch.tensor(array, dtype=dtype) for array in (upstream, x, filters)]
            found[f"PyTorch, {dtype}"] = lambda arrays=arrays: (  # type: ignore[misc]
                torch.ops.aten.convolution_backward(
                    *arrays, [len(filters)], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [True] * 3
                )
            )
    return found


def by_scipy(x: Array, filters: Array) -> Array:
    from scipy.signal import correlate

    maps = [
        [
            sum(
                correlate(channel, taps, "valid", "direct")
                for channel, taps in zip(image, filter_, strict=True)
            )
            for filter_ in filters
        ]
        for image in x
    ]
    return np.array(maps)


def onnx_conv() -> Any:
    import onnx
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    arrays = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in "xwy"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])], "conv", arrays[:2], arrays[2:]
    )
    return ReferenceEvaluator(onnx.helper.make_model(graph))


def main() -> None:
    if installed("torch"):
        import torch

        torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    for title, shapes in SHAPES.items():
        x, filters = (rng.normal(size=shape) for shape in shapes)
        sizes = " by ".join(" x ".join(map(str, shape)) for shape in shapes)
        show(f"{title}: {sizes}", forwards(x, filters))
        show("    its gradients", gradients(x, filters))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
