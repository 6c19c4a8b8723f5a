"""What other suites ask of this operation, replayed from their installed packages.

Each case is brought into the form of the contract and judged by that suite's own rule, so that
the same faults can be held to it.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from adapters import Adapter
from conformance.calls import Call
from conformance.judge import Reading, allowance, compare, expected
from reference.geometry import Array, per_axis, resolve_padding


@dataclass(frozen=True)
class Case:
    """A call and its right result; ``judge`` raises AssertionError for a result that is wrong."""

    name: str
    x: Array
    filters: Array
    bias: Array | None
    parameters: dict[str, Any]
    right: Array
    judge: Callable[[Array, Array], None]

    def passes(self, adapter: Adapter) -> bool:
        """Whether the adapter's result is accepted; an error of any kind is none."""
        x, filters = self.x.copy(), self.filters.copy()
        bias = None if self.bias is None else self.bias.copy()
        try:
            self.judge(adapter.cross_correlate(x, filters, bias, **self.parameters), self.right)
        except Exception:
            return False
        return True

    def check(self) -> None:
        """Raise Disagreement unless ``right`` is within the rounding error of the call as it is
        understood here.
        """
        size, kernel = self.x.shape[2:], self.filters.shape[2:]
        p = self.parameters
        padding = resolve_padding(p["padding"], size, kernel, p["stride"], p["dilation"])
        resolved = p | {"padding": padding}
        call = Call(self.x, self.filters, self.bias, **resolved, data="given")
        right = Reading(self.right.astype("float64"), allowance(call, "A"))
        compare(right, expected(call), call, f"the case {self.name} as it is replayed")


@dataclass(frozen=True)
class Suite:
    """``rule`` says which cases these are, and how they are judged."""

    name: str
    version: str
    rule: str
    cases: tuple[Case, ...]

    def failed(self, adapter: Adapter) -> list[str]:
        """The names of the cases that the adapter fails."""
        return [case.name for case in self.cases if not case.passes(adapter)]

    def catches(self, adapter: Adapter) -> bool:
        return not all(case.passes(adapter) for case in self.cases)

    def without_false_alarms(self, right: Adapter) -> "Suite":
        """The suite without the cases that a right backend fails, whose tolerance is too narrow
        for sums in another order. Raises Disagreement if a case is not replayed rightly.
        """
        for case in self.cases:
            case.check()
        kept = tuple(case for case in self.cases if case.passes(right))
        out = len(self.cases) - len(kept)
        rule = f"{self.rule} Left out: {out} that a correct backend fails." if out else self.rule
        return replace(self, cases=kept, rule=rule)


def onnx_backend_tests() -> Suite:
    """Every case of the ONNX backend tests whose model is a single Conv."""
    import onnx
    from onnx.backend.test.case import node
    from onnx.backend.test.loader import load_model_tests

    importlib.import_module("onnx.backend.test.case.node.conv")  # adds its cases to the list
    cases = list(node._NodeTestCases)
    for kind in ("pytorch-converted", "pytorch-operator"):
        cases += load_model_tests(kind=kind)
    return Suite(
        "ONNX backend tests",
        onnx.__version__,
        "All cases of one Conv node, in float32, within rtol 1e-3 and atol 1e-7.",
        tuple(replayed for case in cases for replayed in _onnx_cases(case)),
    )


def _onnx_cases(case: Any) -> Iterator[Case]:
    import onnx

    model = case.model or onnx.load(Path(case.model_dir, "model.onnx"))
    if [node.op_type for node in model.graph.node] != ["Conv"]:
        return
    (conv,) = model.graph.node
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in conv.attribute}
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in weights]
    for inputs, (right,) in case.data_sets or _stored(Path(case.model_dir)):
        values = weights | dict(zip(names, inputs, strict=True))
        x, filters, *bias = (values[name] for name in conv.input)

        def judge(got: Array, right: Array) -> None:
            np.testing.assert_equal(got.dtype, right.dtype)
            np.testing.assert_allclose(got, right, rtol=case.rtol, atol=case.atol)

        parameters = _onnx_parameters(attributes, x.ndim - 2)
        yield Case(case.name, x, filters, bias[0] if bias else None, parameters, right, judge)


def _stored(folder: Path) -> Iterator[tuple[list[Array], list[Array]]]:
    from onnx import load_tensor, numpy_helper

    for data in sorted(folder.glob("test_data_set_*")):
        inputs, outputs = (
            [numpy_helper.to_array(load_tensor(str(file))) for file in sorted(data.glob(pattern))]
            for pattern in ("input_*.pb", "output_*.pb")
        )
        yield inputs, outputs


def _onnx_parameters(attributes: dict[str, Any], axes: int) -> dict[str, Any]:
    rule = attributes.get("auto_pad", b"NOTSET").decode().lower()
    pads = attributes.get("pads", [0] * 2 * axes)
    return {
        "stride": tuple(attributes.get("strides", [1] * axes)),
        "padding": tuple(zip(pads[:axes], pads[axes:], strict=True)) if rule == "notset" else rule,
        "dilation": tuple(attributes.get("dilations", [1] * axes)),
        "groups": attributes.get("group", 1),
    }


def torch_operator_samples(seed: int) -> Suite:
    """The samples with which PyTorch tests conv1d, conv2d and conv3d; right is what PyTorch itself
    computes.
    """
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    torch.manual_seed(seed)
    names = [f"nn.functional.conv{axes}d" for axes in (1, 2, 3)]
    return Suite(
        "PyTorch operator samples",
        torch.__version__,
        "The sample inputs of conv1d, conv2d and conv3d, in float64 and float32, against "
        "PyTorch itself, within the default tolerances of torch.testing.assert_close.",
        tuple(
            _torch_case(f"{op.name} {dtype} {number}", op, sample)
            for op in op_db
            if op.name in names
            for dtype in (torch.float64, torch.float32)
            for number, sample in enumerate(op.sample_inputs("cpu", dtype))
        ),
    )


def _torch_case(name: str, op: Any, sample: Any) -> Case:
    x, (filters, bias) = sample.input, sample.args
    right = op(x, filters, bias, **sample.kwargs)
    if x.ndim < filters.ndim:  # an input without a batch
        x, right = x[None], right[None]

    parameters = _torch_parameters(sample.kwargs, filters.ndim - 2)
    x, filters, right = (tensor.detach().numpy() for tensor in (x, filters, right))
    bias = None if bias is None else bias.detach().numpy()
    return Case(name, x, filters, bias, parameters, right, _torch_judge)


def _torch_judge(got: Array, right: Array) -> None:
    import torch

    torch.testing.assert_close(torch.from_numpy(np.ascontiguousarray(got)), torch.tensor(right))


def _torch_parameters(given: dict[str, Any], axes: int) -> dict[str, Any]:
    padding = given.get("padding", 0)
    if isinstance(padding, str):
        padding = {"same": "same_upper"}.get(padding, padding)
    else:
        padding = tuple((amount, amount) for amount in _for_each_axis(padding, axes))
    return {
        "stride": per_axis(given.get("stride", 1), axes, "stride"),
        "padding": padding,
        "dilation": per_axis(given.get("dilation", 1), axes, "dilation"),
        "groups": given.get("groups", 1),
    }


def _for_each_axis(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)
