"""A page of results: one HTML file that needs nothing else, the same bytes for the same results."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.arrays import Block, blocks, wrong_positions
from reports.parts import describe
from reports.records import OUTCOMES, Array, Backend, Case, Clause, Outcome
from reports.results import Results, count

FAILURES = ("fail", "error", "crash", "timeout")
SYMBOLS = {
    "pass": "✓",
    "fail": "✗",
    "error": "!",
    "crash": "†",
    "timeout": "∞",
    "unsupported": "\N{EN DASH}",
    "known": "◆",
    "not run": "○",
}
MEANINGS = {
    "pass": "the clause held on every example that ran.",
    "fail": "the backend answered, and the answer breaks the clause.",
    "error": "the backend, or its adapter, raised what it should not.",
    "crash": "the process of the backend died.",
    "timeout": "the backend did not answer in time.",
    "unsupported": "the backend declares that it does not offer this. It is no pass.",
    "known": "a listed known issue, which showed itself again. It is no pass.",
    "not run": "it could not be run, for the reason given. It is no pass.",
}
_DTYPES = ("", "float64", "float32", "float16", "bfloat16")
_NAMED = 5
# Characters that act instead of being seen: controls, and those that turn the reading direction.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


# -- What the template is given ------------------------------------------------------------------


@dataclass(frozen=True)
class Tested:
    """A dtype of a cell, with the failure that tells more about it, if there is one."""

    dtype: str
    failure: int | None


@dataclass(frozen=True)
class Entry:
    """One outcome in a cell of the matrix, and all that came to it."""

    outcome: str
    tested: tuple[Tested, ...]
    measured: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """An array of a case, as blocks; `note` says why there is none."""

    name: str
    dtype: str
    shape: str
    blocks: tuple[Block, ...]
    note: str


@dataclass(frozen=True)
class Failure:
    number: int
    outcome: Outcome
    clause: Clause
    backend: Backend
    measured: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    arrays: tuple[Shown, ...]
    marks: bool


@dataclass(frozen=True)
class Remark:
    """Clauses of one backend that came to one outcome for one reason, on the same dtypes."""

    backend: str
    outcome: str
    dtypes: tuple[str, ...]
    clauses: tuple[str, ...]
    reason: str


# -- The page --------------------------------------------------------------------------------------


def render(results: Results) -> str:
    """The results as one HTML page."""
    failed = [outcome for outcome in results.outcomes if outcome.outcome in FAILURES]
    failed.sort(key=_reading_order(results))
    numbers = {outcome.key: number for number, outcome in enumerate(failed, start=1)}
    return (
        _environment()
        .get_template("page.html")
        .render(
            results=results,
            summary=summary(results),
            counts=count(results.outcomes),
            totals=_totals(results),
            chapters=_chapters(results.clauses),
            cells=_cells(results.outcomes, numbers),
            failures=list(_failures(failed, results)),
            remarks=_remarks(results),
            runs=list(describe(results.parts)),
            symbols=SYMBOLS,
            meanings=MEANINGS,
        )
    )


def write_page(results: Results, path: str | Path) -> None:
    """Write the page of the results; folders that are missing are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(results).encode("utf-8"))


def summary(results: Results) -> str:
    """One sentence: what ran, what it came to, what disagrees and what did not run."""
    counted = count(results.outcomes)
    came_to = ", ".join(f"{number:,} {name}" for name, number in counted.items())
    disagreeing = {o.backend for o in results.outcomes if o.outcome in FAILURES}
    names = [backend.name for backend in results.backends if backend.name in disagreeing]
    parts = [
        f"{_plural(len(results.backends), 'backend')}, "
        f"{_plural(len(results.clauses), 'clause')}: {came_to or 'no outcome'}"
    ]
    if len(names) > _NAMED:
        parts.append(f"{len(names)} backends disagree with the specification")
    elif names:
        verb = "disagrees" if len(names) == 1 else "disagree"
        parts.append(f"{_listed(names)} {verb} with the specification")
    elif counted:
        parts.append("nothing that ran disagrees with the specification")
    absent = [backend for backend in results.backends if backend.not_run is not None]
    if len(absent) > _NAMED:
        parts.append(f"{len(absent)} backends did not run")
    else:
        parts += [f"{b.name} did not run: {_first_line(b.not_run or '')}" for b in absent]
    return "; ".join(parts).rstrip(".") + "."


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters |= {
        "plural": _plural,
        "short": lambda dtype: re.sub(r"^(bf|f|i|u|c)[a-z]+(?=\d+$)", r"\1", dtype),
        "slug": lambda outcome: outcome.replace(" ", "-"),
    }
    return environment


def _visible(value: Any) -> Any:
    """Text with its acting characters written out, so that it can only be read."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _ACTING.sub(
        lambda found: found[0].encode("unicode_escape").decode(), value.replace("\r\n", "\n")
    )


# -- The matrix ------------------------------------------------------------------------------------


def _chapters(clauses: Iterable[Clause]) -> dict[str, list[Clause]]:
    chapters: dict[str, list[Clause]] = {}
    for clause in clauses:
        chapters.setdefault(clause.chapter, []).append(clause)
    return chapters


def _totals(results: Results) -> dict[str, dict[str, int]]:
    outcomes: dict[str, list[Outcome]] = {backend.name: [] for backend in results.backends}
    for outcome in results.outcomes:
        outcomes[outcome.backend].append(outcome)
    return {name: count(of_backend) for name, of_backend in outcomes.items()}


def _cells(
    outcomes: Iterable[Outcome], numbers: dict[tuple[str, str, str], int]
) -> dict[tuple[str, str], list[Entry]]:
    """For each clause and backend its outcomes, never folded into each other, failures first."""
    grouped: dict[tuple[str, str], dict[str, list[Outcome]]] = {}
    for outcome in outcomes:
        cell = grouped.setdefault((outcome.clause, outcome.backend), {})
        cell.setdefault(outcome.outcome, []).append(outcome)
    order = sorted(OUTCOMES, key=lambda name: name not in FAILURES)
    return {
        at: [_entry(name, cell[name], numbers) for name in order if name in cell]
        for at, cell in grouped.items()
    }


def _entry(name: str, outcomes: list[Outcome], numbers: dict[tuple[str, str, str], int]) -> Entry:
    ordered = sorted(outcomes, key=lambda outcome: _dtype_order(outcome.dtype))
    tested = tuple(Tested(outcome.dtype, numbers.get(outcome.key)) for outcome in ordered)
    return Entry(name, tested, _measured(name, outcomes))


def _measured(name: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    examples = sum(outcome.examples for outcome in outcomes)
    declined = sum(outcome.declined for outcome in outcomes)
    errors = [outcome.worst for outcome in outcomes if outcome.worst is not None]
    parts = []
    # That a pass rests on no example must be seen; that what did not run has none goes unsaid.
    if examples or name in ("pass", *FAILURES):
        parts.append(_plural(examples, "example"))
    if declined:
        parts.append(f"{declined:,} declined")
    if errors:
        parts.append("exact" if name == "pass" and not any(errors) else _worst(max(errors)))
    return tuple(parts)


def _worst(fraction: float) -> str:
    """The worst error, rounded so that what is within its bound looks it, and what is not, not."""
    if math.isinf(fraction):
        return "worst beyond any bound"
    if 0 < fraction < 0.01:
        return "worst under 0.01 of bound"
    if fraction <= 1:
        return f"worst {math.floor(fraction * 100) / 100:.2f} of bound"
    if fraction < 100:
        return f"worst {math.ceil(fraction * 100) / 100:.2f} of bound"
    return f"worst {fraction:.3g} of bound"


# -- Failures and remarks --------------------------------------------------------------------------


def _reading_order(results: Results) -> Any:
    clauses = {clause.id: at for at, clause in enumerate(results.clauses)}
    backends = {backend.name: at for at, backend in enumerate(results.backends)}
    return lambda o: (clauses[o.clause], backends[o.backend], _dtype_order(o.dtype))


def _failures(failed: list[Outcome], results: Results) -> Iterator[Failure]:
    clauses = {clause.id: clause for clause in results.clauses}
    backends = {backend.name: backend for backend in results.backends}
    for number, outcome in enumerate(failed, start=1):
        wrong = wrong_positions(outcome.case) if outcome.case else frozenset()
        yield Failure(
            number,
            outcome,
            clauses[outcome.clause],
            backends[outcome.backend],
            _measured(outcome.outcome, [outcome]),
            _parameters(outcome.case),
            tuple(_shown(name, array, wrong) for name, array in _arrays(outcome.case)),
            bool(wrong),
        )


def _parameters(case: Case | None) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in (case.parameters if case else {}).items()
    )


def _arrays(case: Case | None) -> Iterable[tuple[str, Array]]:
    return case.arrays.items() if case else ()


def _shown(name: str, array: Array, wrong: frozenset[int]) -> Shown:
    shape = " \N{MULTIPLICATION SIGN} ".join(map(str, array.shape)) or "a single number"
    note = ""
    if array.values is None:
        note = f"too large to show: {math.prod(array.shape):,} values"
    elif not array.values:
        note = "empty: it has no values"
    marked = wrong if name in ("got", "difference") else frozenset()
    # How far off it is can be read from a few digits; every other array is shown in full.
    digits = 3 if name in ("difference", "bound") else None
    return Shown(name, array.dtype, shape, blocks(array, marked, digits), note)


def _remarks(results: Results) -> list[Remark]:
    """All that is no failure and has something said about it, or that is no pass."""
    dtypes: dict[tuple[str, str, str, str], list[str]] = {}
    for outcome in sorted(results.outcomes, key=_reading_order(results)):
        if outcome.outcome in FAILURES or (outcome.outcome == "pass" and not outcome.reason):
            continue
        same = (outcome.backend, outcome.outcome, outcome.reason, outcome.clause)
        dtypes.setdefault(same, []).append(outcome.dtype)
    clauses: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for (backend, name, reason, clause), of_clause in dtypes.items():
        clauses.setdefault((backend, name, reason, tuple(of_clause)), []).append(clause)
    remarks = [
        Remark(backend, name, of_clauses, tuple(ids), reason)
        for (backend, name, reason, of_clauses), ids in clauses.items()
    ]
    backends = [backend.name for backend in results.backends]
    return sorted(remarks, key=lambda r: (backends.index(r.backend), OUTCOMES.index(r.outcome)))


# -- Words -----------------------------------------------------------------------------------------


def _dtype_order(dtype: str) -> tuple[int, str]:
    return (_DTYPES.index(dtype) if dtype in _DTYPES else len(_DTYPES), dtype)


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _first_line(text: str) -> str:
    line = (text.strip().splitlines() or ["no reason was given"])[0]
    return line if len(line) <= 120 else line[:119] + "…"
