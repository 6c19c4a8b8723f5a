"""Badges: what shields.io takes, and no better than the results."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from reports.badge import as_json, badge
from reports.differences import UnknownBackendError
from reports.merging import merge
from reports.records import OUTCOMES, Outcome
from reports.results import End, Results, count
from reports.tests.samples import CLAUSES, RUN, backend, outcome

COMPLETE = [outcome(clause=clause.id) for clause in CLAUSES]


def results(outcomes: list[Outcome], exit_code: int = 0, **run: Any) -> Results:
    end = End("9:00", exit_code, count(outcomes))
    header = replace(RUN, **({"profile": "default"} | run))
    return Results(header, tuple(CLAUSES), (backend(),), tuple(outcomes), end)


def told(outcomes: list[Outcome], exit_code: int = 0, **run: Any) -> tuple[str, str]:
    found = badge(results(outcomes, exit_code, **run), "acme")
    return found["message"], found["color"]


def test_it_is_what_shields_takes() -> None:
    found = json.loads(as_json(badge(results(COMPLETE), "acme", "acme 1.2")))
    assert found == {
        "schemaVersion": 1,
        "label": "acme 1.2",
        "message": "3 of 3 clauses hold",
        "color": "brightgreen",
    }
    # Unknown fields are refused there.
    failing = badge(results([outcome("fail")]), "acme")
    assert failing.keys() == found.keys() | {"isError"}
    assert failing["isError"] is True


@pytest.mark.parametrize(
    ("verdict", "message", "colour"),
    [
        ("pass", "3 of 3 clauses hold", "brightgreen"),
        ("fail", "1 fail, 2 hold", "red"),
        ("error", "1 error, 2 hold", "red"),
        ("crash", "1 crash, 2 hold", "red"),
        ("timeout", "1 timeout, 2 hold", "red"),
        ("unsupported", "2 of 3 clauses hold, 1 unsupported", "yellowgreen"),
        ("known", "2 of 3 clauses hold, 1 known", "yellow"),
        ("not run", "2 of 3 clauses hold, 1 not run", "lightgrey"),
    ],
)
def test_each_outcome(verdict: str, message: str, colour: str) -> None:
    assert told([*COMPLETE[1:], outcome(verdict)]) == (message, colour)
    # One dtype of a clause is enough: what holds in part does not hold.
    assert told([*COMPLETE, outcome(verdict, "float64")]) == (message, colour)


def test_every_mixture_of_a_clause_counts_once_and_as_the_worst() -> None:
    worst_first = ("crash", "timeout", "error", "fail", "not run", "known", "unsupported", "pass")
    for one, other in product(OUTCOMES, OUTCOMES):
        worst = min(one, other, key=worst_first.index)
        both = [*COMPLETE[1:], outcome(one), outcome(other, "float64")]
        assert told(both) == told([*COMPLETE[1:], outcome(worst)])


def test_green_needs_every_clause_and_a_whole_run() -> None:
    assert told(COMPLETE[:2]) == ("2 of 3 clauses hold, 1 not run", "lightgrey")
    assert told([]) == ("0 of 3 clauses hold, 3 not run", "lightgrey")
    assert told(COMPLETE, exit_code=2) == ("unfinished: 3 of 3 clauses hold", "lightgrey")
    assert told(COMPLETE, profile="quick") == ("3 of 3 clauses hold (quick)", "brightgreen")
    declined = [outcome("unsupported", clause=clause.id) for clause in CLAUSES]
    assert told(declined) == ("0 of 3 clauses hold, 3 unsupported", "lightgrey")
    nothing = replace(results([]), clauses=())
    assert badge(nothing, "acme")["color"] == "lightgrey"


def test_what_is_lacking_is_said() -> None:
    whole = results(COMPLETE)
    for lacking, message, colour in (
        (replace(whole, end=None), "unfinished: 3 of 3 clauses hold", "lightgrey"),
        (replace(whole, damage=("line 4",)), "incomplete: 3 of 3 clauses hold", "lightgrey"),
        (merge([results(COMPLETE, shard=(1, 2))]), "incomplete: 3 of 3 clauses hold", "lightgrey"),
        (replace(results([outcome("crash")]), end=None), "unfinished: 1 crash", "red"),
    ):
        found = badge(lacking, "acme")
        assert found["message"].startswith(message)
        assert found["color"] == colour


def test_a_backend_that_did_not_run() -> None:
    absent = replace(results([]), backends=(backend("acme", "no device"),))
    found = badge(absent, "acme")
    assert (found["message"], found["color"]) == ("did not run", "lightgrey")


def test_it_is_found_by_name_or_by_spec() -> None:
    assert badge(results(COMPLETE), "acme:Acme") == badge(results(COMPLETE), "acme")
    with pytest.raises(UnknownBackendError, match="no backend 'other', only: 'acme'"):
        badge(results(COMPLETE), "other")


def test_the_outcomes_of_others_do_not_count() -> None:
    both = replace(
        results([*COMPLETE, outcome("crash", backend="b")]), backends=(backend(), backend("b"))
    )
    assert badge(both, "acme")["message"] == "3 of 3 clauses hold"
    assert badge(both, "b")["message"] == "1 crash, 0 hold, 2 not run"
