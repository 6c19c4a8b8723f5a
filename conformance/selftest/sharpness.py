"""How sharp is the suite? ``python -m conformance.selftest.sharpness`` makes the table of
``reports.sharpness``: every wrong cross-correlation of the catalogue meets the clauses of the
specification, until five have caught it, and the one that names it; every other fault meets that.

Beside it stand the cases that the ONNX backend tests and PyTorch's operator tests have of this
operation, which meet the same faults; the extra ``dev`` holds what these need.
"""

import argparse
import contextlib
import functools
import hashlib
import platform
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis

from adapters import Adapter, Unsupported, load
from conformance import __version__, grades, judge
from conformance.clauses import Clause, NotRepeatableError, clauses
from conformance.diagnosis import NONE, Diagnosis, diagnose
from conformance.judge import Disagreement, Evidence
from conformance.plan import EXAMPLES
from conformance.request_diagnosis import diagnose_request
from conformance.requests import Request
from conformance.selftest import other_suites
from conformance.selftest.faults import FAULTS, Fault
from conformance.selftest.test_faults import DEFAULT
from conformance.subject import BackendFailure, Subject
from reference.exact import truth
from reference.geometry import Array, Parameters
from reports import sharpness
from reports.sharpness import TABLE, Sharpness

LEARNING = ("GRAD-", "LAYER-", "LOSS-", "TRAIN-")
_MOST_CLAUSES = 5  # that catch a fault, before only the one that names it is tried


@dataclass(frozen=True)
class Trial:
    """A fault that met a clause: how many examples ran, the first failing one included, what that
    one showed (None if none failed), and the adapter, which may be left broken.
    """

    examples: int
    evidence: Evidence | None
    adapter: Adapter


def attempt(clause: Clause, fault: Fault, settings: hypothesis.settings, seed: int) -> Trial:
    """Hold a fresh instance of the fault to the clause."""
    subject = Subject(fault.adapter(), fault.dtype)
    failures: list[Trial] = []

    @functools.wraps(clause.check)
    def watched(subject: Subject, *data: Any) -> None:
        try:
            clause.check(subject, *data)
        except (Disagreement, BackendFailure) as failure:
            failures.append(Trial(subject.examples + 1, failure.evidence, subject.adapter))
            raise

    try:
        replace(clause, check=watched).hold(subject, settings, seed)
    except (Disagreement, BackendFailure, Unsupported, NotRepeatableError):
        pass
    except Exception as error:
        print(f"{clause.id} itself broke on {fault.name}: {error!r}", file=sys.stderr)
    return failures[0] if failures else Trial(subject.examples, None, subject.adapter)


def measure(fault: Fault, settings: hypothesis.settings, seed: int) -> sharpness.Fault:
    """The fault's row of the table, but for the other suites."""
    catches: dict[str, int] = {}
    ran, until_caught = 0, None
    diagnosis = NONE
    for clause in met_by(fault):
        if len(catches) >= _MOST_CLAUSES and clause.id != fault.clause:
            continue
        trial = attempt(clause, fault, settings, seed)
        ran += trial.examples
        if trial.evidence is None:
            continue
        catches[clause.id] = trial.examples
        until_caught = until_caught or ran
        if clause.id == fault.clause:
            diagnosis = _diagnosis(Subject(trial.adapter, fault.dtype), trial.evidence)
    return sharpness.Fault(
        name=fault.name,
        sentence=fault.sentence,
        dtype=fault.dtype,
        clause=fault.clause,
        catches=catches,
        until_caught=until_caught,
        mistake=diagnosis.mistake,
        diagnosis=diagnosis.sentence,
        others=(),
        operation=fault.operation,
    )


def met_by(fault: Fault) -> list[Clause]:
    """The clauses that a wrong cross-correlation can break: all but those of learning, which ask
    for much at a time. What else is wrong meets the one that names it.
    """
    if fault.clause.startswith(LEARNING):
        return [clauses()[fault.clause]]
    return [c for c in clauses().values() if not c.id.startswith(LEARNING)]


def _diagnosis(subject: Subject, evidence: Evidence) -> Diagnosis:
    if isinstance(evidence.asked, Request):
        return diagnose_request(subject, evidence)
    return diagnose(subject, evidence)


@contextlib.contextmanager
def truth_remembered() -> Iterator[None]:
    """Every fault is asked the same, so that what is right need only be computed once."""
    known: dict[bytes, tuple[Array, Array]] = {}

    def remembered(
        x: Array, filters: Array, bias: Array | None, parameters: Parameters
    ) -> tuple[Array, Array]:
        arrays = [a for a in (x, filters, bias) if a is not None]
        digest = hashlib.sha256(repr((parameters, [(a.shape, a.dtype) for a in arrays])).encode())
        for array in arrays:
            digest.update(array.tobytes())
        key = digest.digest()
        if key not in known:
            known[key] = truth(x, filters, bias, parameters)
        return known[key]

    with (
        mock.patch.object(judge, "truth", remembered),
        mock.patch.object(grades, "truth", remembered),
    ):
        yield


def rows(
    faults: Sequence[Fault],
    suites: Sequence[other_suites.Suite],
    settings: hypothesis.settings,
    seed: int,
) -> Iterator[sharpness.Fault]:
    with truth_remembered():
        for fault in faults:
            met = suites if fault.operation == sharpness.CROSS_CORRELATE else ()
            others = [suite.name for suite in met if suite.catches(fault.adapter())]
            yield replace(measure(fault, settings, seed), others=tuple(others))


def tables(
    names: Sequence[str], profile: str, seed: int, kept: Sequence[sharpness.Fault] = ()
) -> Iterator[Sharpness]:
    """Measure the faults of these names: the table after each of them, with the rows ``kept``."""
    right = load("reference")
    suites = [
        suite.without_false_alarms(right)
        for suite in (other_suites.onnx_backend_tests(), other_suites.torch_operator_samples(seed))
    ]
    settings = hypothesis.settings(DEFAULT, max_examples=EXAMPLES[profile])
    packages = ("numpy", "hypothesis", "onnx", "torch")
    faults = {row.name: row for row in kept}
    for row in rows([FAULTS[name] for name in names], suites, settings, seed):
        faults[row.name] = row
        yield Sharpness(
            format=sharpness.FORMAT,
            suite=__version__,
            date=datetime.now(UTC).date().isoformat(),
            profile=profile,
            seed=seed,
            versions={"python": platform.python_version()}
            | {name: version(name) for name in packages},
            clauses=tuple(clauses()),
            others=tuple(
                sharpness.Other(suite.name, suite.version, len(suite.cases), suite.rule)
                for suite in suites
            ),
            faults=tuple(faults[name] for name in FAULTS if name in faults),
        )


def is_current(row: sharpness.Fault) -> bool:
    """Whether the catalogue still has the fault of this row, as it is there."""
    fault = FAULTS.get(row.name)
    return fault is not None and all(
        getattr(fault, name) == getattr(row, name) for name in ("sentence", "clause", "dtype")
    )


def line(fault: sharpness.Fault) -> str:
    """A row as text."""
    by_expected = f"after {fault.examples}" if fault.examples else "MISSED"
    by = ", ".join(f"{clause} {examples}" for clause, examples in fault.catches.items())
    explained = fault.mistake or "no diagnosis"
    return (
        f"{fault.name} ({fault.dtype}): {fault.sentence}\n"
        f"    {fault.clause} {by_expected}; {explained}; caught by {by or 'no clause'}"
        f"; elsewhere by {', '.join(fault.others) or 'none'}"
    )


def totals(measured: Sharpness) -> str:
    """What the table comes to."""
    count = len(measured.faults)
    lines = [
        f"{measured.caught} of {count} faults caught, {measured.caught_as_expected} by the clause "
        f"that names them, {measured.diagnosed} diagnosed",
        f"examples, median: {measured.median_examples} of the clause that names the fault, "
        f"{measured.median_until_caught} of the specification from its start",
        *(
            f"{other.name} {other.version}: {measured.caught_by(other.name)} of "
            f"{measured.comparable} caught by {other.cases} cases. {other.rule}"
            for other in measured.others
        ),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the table; returns the exit code, 1 if a fault is caught by no clause."""
    parser = argparse.ArgumentParser(prog="python -m conformance.selftest.sharpness")
    parser.add_argument("--profile", choices=EXAMPLES, default="default")
    parser.add_argument("--seed", type=int, default=0)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only", nargs="+", choices=FAULTS, metavar="NAME", help="some faults")
    which.add_argument(
        "--missing", action="store_true", help="the faults that the table lacks; its rows are kept"
    )
    parser.add_argument("--output", type=Path, help="where to write; the package's table for all")
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    output = given.output or (None if given.only else TABLE)
    kept = list(filter(is_current, sharpness.read().faults)) if given.missing else []
    known = {row.name for row in kept}
    names = given.only or [name for name in FAULTS if name not in known]
    measured = None
    with warnings.catch_warnings(action="ignore"):  # faults overflow, and divide by zero
        found = tables(names, given.profile, given.seed, kept)
        for name, measured in zip(names, found, strict=True):
            print(line(next(row for row in measured.faults if row.name == name)), flush=True)
            if output:
                sharpness.write(measured, output)
    if measured is None:
        print("the table has every fault")
        return 0
    print(f"\n{totals(measured)}\n{time.monotonic() - begun:.0f} s")
    return int(measured.caught < len(measured.faults))


if __name__ == "__main__":
    sys.exit(main())
