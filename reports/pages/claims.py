"""What a backend claims, beside what the results say of each claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.pages.matrix import Entry, counted
from reports.pages.report import Report
from reports.records import Backend, Outcome

_GRADIENTS = "gradients of "
# The names of the reference's functions that define an operation, where they are not its own name.
_DEFINED_BY = {
    "activation": ("activate",),
    "optimize": ("SGD", "Adam", "trajectory"),
    "predict": ("accuracy", "bounded_logits"),
    "train": ("train", "bounded_step"),
    "gradients of cross_correlate": ("filter_gradient", "input_gradient", "bias_gradient"),
}


@dataclass(frozen=True)
class Claim:
    """A claim, how far it goes, and the outcomes of the checks that tell something of it."""

    name: str
    words: str
    entries: tuple[Entry, ...]
    clauses: tuple[str, ...] = ()


def claims_of(report: Report, backend: Backend) -> tuple[Claim, ...]:
    """Each dtype that is claimed, or was tried all the same, and then every other claim."""
    outcomes = report.of_backend[backend.name]
    tried = dict.fromkeys((*backend.dtypes, *(o.dtype for o in outcomes if o.dtype)))
    dtypes = (
        Claim(
            dtype,
            "claimed" if dtype in backend.dtypes else "not claimed",
            counted(outcome for outcome in outcomes if outcome.dtype == dtype),
        )
        for dtype in tried
    )
    others = (
        _claim(report, name, words, outcomes)
        for name, words in backend.claims.items()
        if name != "dtypes"
    )
    return (*dtypes, *others)


def _claim(report: Report, name: str, words: str, outcomes: Sequence[Outcome]) -> Claim:
    about = [o for o in outcomes if _defines(report.clauses[o.clause].reference, name)]
    clauses = tuple(dict.fromkeys(outcome.clause for outcome in about))
    return Claim(name, words, counted(about), clauses)


def _defines(function: str, operation: str) -> bool:
    """Whether this function of the reference defines the operation."""
    own = function.rpartition(".")[2]
    if names := _DEFINED_BY.get(operation):
        return own in names
    of = operation.removeprefix(_GRADIENTS)
    if operation != of:
        return own in (f"{of}_gradient", f"{of}_gradients")
    return own == operation
