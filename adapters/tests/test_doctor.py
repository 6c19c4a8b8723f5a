"""The doctor gives those that are well a clean bill, and each of the others its own advice."""

import re
from functools import cache

import pytest

from adapters import Unavailable
from adapters.__main__ import main
from adapters.doctor import Checkup, examined, told
from adapters.process.isolation import Limits

# A class of ailing.py -> what is wrong; how to mend it.
AILING = {
    "NothingConverted": (
        r"takes channels last, and the arrays are not converted",
        r"moveaxis\(x, 1, .*moveaxis\(filters, \(1, 0\).*moveaxis\(result, -1",
    ),
    "ImagesNotConverted": ("takes the last axis of x for its channels", r"moveaxis\(x, 1, -1\)"),
    "ImagesReshaped": ("x is reshaped to channels last", r"moveaxis\(x, 1, -1\)"),
    "KernelsNotConverted": (r"takes the filters for \(\*kernel, C, K\)", r"moveaxis\(filters"),
    "KernelsSwapped": ("filters' axes K and C are swapped", r"moveaxis\(filters, \(1, 0\)"),
    "MapsNotConverted": ("The result has its channels last", r"moveaxis\(result, -1, 1\)"),
    "AxesSwapped": ("Two spatial axes of the filters are swapped", "in their order"),
    "OutputsFirstNotConverted": (
        r"takes the filters for \(K, \*kernel, C\)",
        r"np\.moveaxis\(filters, 1, -1\)",
    ),
    "OutputsFirstMadeLast": (
        r"filters that were made \(\*kernel, C, K\) for \(K, \*kernel, C\)",
        r"np\.moveaxis\(filters, 1, -1\)",
    ),
    "Convolution": ("It is a true convolution", "turned round on every axis"),
    "PaddingSwapped": ("Low and high padding are swapped", r"np\.pad\(x"),
    "PaddingSymmetric": ("The low padding is used on both ends", r"np\.pad\(x"),
    "PaddingReversed": ("The padding is given to the axes in reverse", "count from the last axis"),
    "StrideAndDilationSwapped": ("Stride and dilation are swapped", "each under its own name"),
    "StrideIgnored": ("The stride is ignored", "Pass it on to the backend"),
    "DilationIgnored": ("The dilation is ignored", "Pass it on to the backend"),
    "OneStride": ("The stride of the first axis is used for all", "or take one value for all"),
    "GroupsIgnored": (
        "ShapeError: x has 4 channels, but 1 group",
        r"Pass the groups on to the backend; .* Unsupported\(\"no groups\"\)",
    ),
    "BiasIgnored": ("The bias is ignored", "to be added once"),
    "BiasOnTheLastAxis": ("The bias is added along the last axis", "broadcasts"),
    "BiasAlways": ("'NoneType' object has no attribute", "bias is None where there is none"),
    "Float32": ("The result of float64 is float32", "jax_enable_x64"),
    "SecretlyFloat32": ("Of the 53 bits of float64 it keeps some 24 bits", "compute in float64"),
    "ChangesItsInput": ("It changes x in place", r"np\.array\(x\) is a copy"),
    "OneBuffer": ("A result changes when the next call is made", r"np\.array\(x\) is a copy"),
    "KeepsTheFilters": ("Calls of the same shapes with other values", "must not hold the values"),
    "ReadsMemory": ("with negative strides raise an error", "order='C'"),
    "ReturnsList": ("the adapter returned list, not a NumPy array", r"np\.asarray\(result\)"),
    "Squeezed": ("The result has lost its axes of length 1", "Keep the axes of length 1"),
    "OtherErrors": ("NotImplementedError: groups", r"Raise Unsupported\(\"why\"\)"),
    "OtherSignature": ("unexpected keyword argument", "Write def cross_correlate"),
    "DeclinesAll": ("It declines the plainest call: some day", "Raise Unsupported only for"),
    "ClaimsTooMuch": ("rank 5 is not 3 or 4", r"Leave 3 out of capabilities\.spatial_axes"),
    "ClaimsNothing": ("It claims no dtype", "leave out what yours cannot"),
    "Dies": ("The process died of SIGABRT", "it is the backend's doing"),
    "WrongBackend": ("Answers are wrong", "No usual slip .* is the backend's"),
    "WrongMaximum": ("max_pool: result differs from the reference", "See Adapter.max_pool"),
    "ErrorInDense": ("dense: the backend raised ZeroDivisionError", "Raise Unsupported"),
    "WrongGradients": (
        "gradients of cross_correlate: filters differs",
        r"See Adapter\.gradients in adapters/contract\.py",
    ),
}


@cache
def checkup(name: str) -> Checkup:
    return examined(f"adapters.tests.ailing:{name}")


@pytest.mark.parametrize("name", AILING)
def test_each_gets_its_advice_first(name: str) -> None:
    found = checkup(name)
    what, how = AILING[name]
    first = found.faults[0]
    assert re.search(what, first.what)
    assert re.search(how, first.how, re.DOTALL)


@pytest.mark.parametrize("name", sorted(AILING.keys() - {"KeepsTheFilters", "WrongBackend"}))
def test_nothing_is_left_unexplained(name: str) -> None:
    assert not any("nswers are wrong" in one.what for one in checkup(name).faults)


def test_a_clean_bill() -> None:
    found = checkup("Healthy")
    assert found.faults == ()
    assert len(found.remarks) == 1
    assert "What is not claimed works, too: float16" in found.remarks[0].what
    assert all(one.is_right for one in found.asked)
    assert "Nothing to mend. Next: python -m conformance --backend adapters" in told(found)


def test_a_dtype_that_loses_digits_is_not_commended() -> None:
    found = checkup("ClaimsFloat32Only")
    assert found.faults == ()
    assert "What is not claimed works, too: float16" in found.remarks[0].what


def test_operations_are_asked_for_on_axes_that_are_claimed() -> None:
    assert checkup("TwoAxes").faults == ()


@pytest.mark.parametrize(
    ("spec", "package"),
    [
        ("reference", "numpy"),
        ("scipy-direct", "scipy"),
        ("scipy-fft", "scipy"),
        ("scipy-ndimage", "scipy"),
        ("torch-cpu", "torch"),
        ("tensorflow", "tensorflow"),
        ("jax", "jax"),
        ("onnxruntime", "onnxruntime"),
    ],
)
def test_a_clean_bill_for_what_is_built_in(spec: str, package: str) -> None:
    pytest.importorskip(package)
    assert examined(spec).faults == ()


# More than one


def test_two_slips_are_told_apart() -> None:
    convolution, padding = checkup("ConvolutionWithSwappedPadding").faults
    assert "true convolution" in convolution.what
    assert "Low and high padding are swapped" in padding.what
    assert "padding" in padding.seen_in
    assert "padding" not in convolution.seen_in


def test_two_slips_that_hide_each_other() -> None:
    found = " ".join(one.what for one in checkup("NothingConvertedAndConvolution").faults)
    assert "true convolution" in found
    assert "channels last, and the arrays are not converted" in found


def test_each_of_two_claims() -> None:
    found = checkup("ClaimsTooMuch").faults
    assert [one.seen_in for one in found] == [("3 spatial axes",), ("float16",)]
    assert "Leave float16 out of capabilities.dtypes" in found[1].how


# What is to be considered


def test_what_is_slow_or_says_nothing_of_itself() -> None:
    found = checkup("Slow")
    assert found.faults == ()
    said = " ".join(one.what for one in found.remarks)
    assert "It does not say which version it is" in said
    assert re.search(r"A small call that was made before took 1\.\d s", said)


def test_calls_beyond_the_claims() -> None:
    said = [one.what for one in checkup("Careless").remarks]
    names = "valid, same_upper, same_lower"
    assert f"Padding by name is not claimed, nor declined: {names}." in said
    assert any("groups that do not divide C is answered" in what for what in said)
    assert any("filters larger than x is answered" in what for what in said)
    assert "It declines without a reason." in said


def test_claims_that_are_declined() -> None:
    found = checkup("DeclinesItsClaims")
    assert found.faults == ()
    said = [(one.what, one.how) for one in found.remarks if "claims" in one.what]
    assert [what for what, _ in said] == [
        "It claims 3 spatial axes, and declines it: not today.",
        "It claims float32, and declines it: not today.",
        "It claims padding 'valid', and declines it: not today.",
    ]
    assert said[0][1] == "Leave 3 out of capabilities.spatial_axes."


def test_hanging() -> None:
    found = examined("adapters.tests.ailing:Hangs", Limits(call=2, start=5))
    assert found.faults[0].what == "After 2 trials: no answer within 5 s."


# The command


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "adapters.tests.ailing:DilationIgnored"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("healthy 1.0 (adapters.tests.ailing:DilationIgnored), in ")
    assert "\n  right     stride\n" in said
    assert "\n  WRONG     dilation\n" in said
    assert "1. The dilation is ignored. (seen in: dilation, stride and dilation, all toge" in said
    assert main(["doctor", "reference"]) == 0
    assert "Nothing to mend" in capsys.readouterr().out


def test_an_adapter_that_cannot_be_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "torch-cup"]) == 2
    assert "torch-cup cannot be used: no backend is called" in capsys.readouterr().err
    with pytest.raises(Unavailable):
        examined("adapters.tests.ailing:Healthy+fast")


def test_a_call_that_nothing_explains_is_written_out() -> None:
    text = told(checkup("WrongBackend"))
    for line in ("x = np.array(", "filters = np.array(", "expected = np.array(", "got = np.array("):
        assert f"\n    {line}" in text
