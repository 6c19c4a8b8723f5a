"""Probes: what a backend does inside, as facts; some of it is required, all of it is reported."""

import numpy as np

from adapters import Unsupported
from conformance import probes
from conformance.clauses import clause
from conformance.judge import Disagreement, Evidence, bits_of
from conformance.probes import Regime, Width
from conformance.subject import Subject
from reference.formats import FORMATS

IEEE = "IEEE 754-2019, Standard for Floating-Point Arithmetic"
HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.1"
CONTRACT = "The adapter contract: a call is a function of the values of its arguments"


@clause(
    "PROBE-1",
    "Inputs and filters count with all bits of their dtype (or those that are promised).",
    source=HIGHAM,
)
def test_input_width(subject: Subject) -> None:
    rng = np.random.default_rng(subject.seed)
    widths = {
        "input width": probes.input_width(subject, regime(subject), rng),
        "filter width": probes.filter_width(subject, regime(subject), rng),
    }
    subject.facts |= {name: str(width) for name, width in widths.items()}
    exempt_fast_algorithms(subject)
    needed = bits_of(subject.promise) or FORMATS[subject.dtype].precision
    for name, width in widths.items():
        if width.bits < needed:
            too_narrow(subject, name, width)


def too_narrow(subject: Subject, name: str, width: Width) -> None:
    assert width.broken is not None
    meaning = f"the {name} is {width}; the result of odd integers of one bit more"
    subject.check(width.broken, meaning)
    raise Disagreement(f"{meaning} changes from call to call", Evidence(width.broken))


@clause(
    "PROBE-2",
    "Sums are kept in no less than the precision of the dtype.",
    source=HIGHAM,
)
def test_accumulator_width(subject: Subject) -> None:
    own = FORMATS[subject.dtype]
    seed = subject.seed
    sums = probes.accumulator(subject, regime(subject), np.random.default_rng(seed))
    subject.facts["sums"] = f"as wide as {sums.name}" if sums else f"narrower than {own.name}"
    exempt_fast_algorithms(subject)
    if sums is None:
        call = probes.cancelling_call(subject, regime(subject), np.random.default_rng(seed), own)
        subject.check(call, "sums that pass through large integers")
        raise Disagreement("sums change from call to call", Evidence(call))


@clause(
    "PROBE-3",
    "A subnormal number counts for what it is, or for zero; for nothing else.",
    source=IEEE,
)
def test_subnormals(subject: Subject) -> None:
    for name, (call, kept) in probes.subnormal_calls(subject).items():
        got = subject.result(call).astype("float64")
        is_kept, is_flushed = np.array_equal(got, kept), not got.any()
        subject.facts[name] = "kept" if is_kept else "taken as zero" if is_flushed else "changed"
        if not (is_kept or is_flushed or subject.promise == "B"):
            raise Disagreement(f"{name} are neither kept nor zero", Evidence(call, kept, got))


@clause(
    "PROBE-4",
    "A NaN or an infinity in a layer reaches the results whose windows hold it, and no others.",
    source=IEEE,
)
def test_not_finite(subject: Subject) -> None:
    subject.facts["infinite tap on padding"] = probes.padded_by_infinity(subject)
    subject.facts["sign of 0 x -1"] = probes.sign_of_zero(subject)
    rng = np.random.default_rng(subject.seed)
    shapes = regime(subject).x, regime(subject).filters
    x, filters = (rng.integers(1, 3, shape).astype(subject.numpy_dtype) for shape in shapes)
    call = regime(subject).call(x, filters)
    place = tuple(int(rng.integers(size)) for size in x.shape)
    found: list[Disagreement] = []
    for name, value in (("NaN in the input", np.nan), ("infinity in the input", np.inf)):
        try:
            probes.stays_in_its_windows(subject, call, place, value)
            subject.facts[name] = "stays in its windows"
        except Disagreement as failure:
            subject.facts[name] = "reaches other results, or gets lost"
            found.append(failure)
    exempt_fast_algorithms(subject)
    if found:
        raise found[0]


@clause(
    "PROBE-5",
    "Ten equal calls give ten results that are equal to the last bit.",
    source=CONTRACT,
)
def test_determinism(subject: Subject) -> None:
    rng = np.random.default_rng(subject.seed)
    shapes = regime(subject).x, regime(subject).filters
    x, filters = (rng.standard_normal(shape).astype(subject.numpy_dtype) for shape in shapes)
    call = regime(subject).call(x, filters, data="normal")
    first, *others = [subject.result(call).astype("float64") for _ in range(10)]
    alone = subject.result(call.but(x=x[:1])).astype("float64")
    same = np.array_equal(alone, first[:1], equal_nan=True)
    subject.facts["alone and in a batch"] = "equal bits" if same else "other bits"
    unlike = [got for got in others if not np.array_equal(got, first, equal_nan=True)]
    subject.facts["ten equal calls"] = "other bits" if unlike else "equal bits"
    if unlike:
        got = unlike[0]
        difference = got - first if got.shape == first.shape else None
        raise Disagreement(
            "ten equal calls gave different results", Evidence(call, first, got, difference)
        )


def exempt_fast_algorithms(subject: Subject) -> None:
    if subject.promise == "B":
        raise Unsupported("measured, not required: the adapter promises grade B")


def regime(subject: Subject) -> Regime:
    """Where the probes are taken: a small layer, in 2-D where that is offered."""
    offered = subject.capabilities.spatial_axes
    return Regime(axes=2 if 2 in offered else min(offered), batch=2, channels=8, kernel=3)
