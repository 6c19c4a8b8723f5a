"""Differences: nothing between equals, everything the other way round, and told as it is."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.differences import Pair, Shift, UnknownBackendError, compare, pair_of
from reports.records import OUTCOMES, Backend, Outcome
from reports.results import End, Results, count
from reports.telling import Comparison, Source, markdown, page, plain, sentence, tables, text
from reports.tests.conftest import open_file
from reports.tests.samples import CASE, CLAUSES, RUN, backend, outcome
from reports.words import FAILURES

HOSTILE = "<script>alert(1)</script>|`_*\x1b[31m\u202e\n::error::"


def results(outcomes: list[Outcome], *backends: Backend, **run: Any) -> Results:
    """A whole run of these outcomes on these backends, or on acme."""
    end = End("9:00", 0, count(outcomes))
    described = backends or (backend(),)
    return Results(replace(RUN, **run), tuple(CLAUSES), described, tuple(outcomes), end)


def of(old: Results, new: Results, *pairs: Pair) -> Comparison:
    return Comparison(Source("a", old), Source("b", new), compare(old, new, pairs))


@st.composite
def runs(draw: st.DrawFn) -> Results:
    """Two of these often have a backend, a clause and a dtype in common."""
    backends = draw(st.lists(BACKENDS, min_size=1, max_size=3, unique_by=lambda b: b.name))
    ran = [b.name for b in backends if b.not_run is None]
    outcomes = st.builds(
        outcome,
        st.sampled_from(OUTCOMES),
        st.sampled_from(["float32", "float16", ""]),
        clause=st.sampled_from([clause.id for clause in CLAUSES]),
        backend=st.sampled_from(ran or [""]),
        examples=st.sampled_from([0, 1, 10, 1000]),
        worst=st.sampled_from([None, 0.0, 0.002, 0.3, 1.0, 7.0, math.inf]),
        facts=st.sampled_from([{}, *({"grade": g} for g in ("A+", "A", "A+n", "C(8)", "odd"))]),
    )
    drawn = draw(st.lists(outcomes, max_size=6, unique_by=lambda o: o.key)) if ran else []
    kept = draw(st.lists(st.sampled_from(CLAUSES), unique_by=lambda c: c.id))
    clauses = tuple(c for c in CLAUSES if c in kept or any(o.clause == c.id for o in drawn))
    run = replace(RUN, profile=draw(st.sampled_from(["quick", "default"])))
    ends = st.sampled_from([None, End("9:00", 0, count(drawn))])
    return Results(run, clauses, tuple(backends), tuple(drawn), draw(ends))


BACKENDS = st.builds(
    lambda name, not_run, version: replace(backend(name, not_run), version=version, spec=name[:4]),
    st.sampled_from(["acme", "acme2", "other"]),
    st.sampled_from([None, None, None, "no device"]),
    st.sampled_from(["1", "2"]),
)


@given(runs())
@settings(deadline=None, max_examples=60)
def test_nothing_differs_from_itself(run: Results) -> None:
    found = compare(run, run)
    assert found.same == len(run.outcomes)
    told = {name: value for name, value in vars(found).items() if value}
    assert told.keys() <= {"pairs", "caveats", "same"}
    assert not found.worsened
    assert tables(found) == []


@given(runs(), runs())
@settings(deadline=None, max_examples=150)
def test_backwards_is_the_other_way_round(one: Results, other: Results) -> None:
    there, back = compare(one, other), compare(other, one)
    opposite = {
        "regression": {"fix", "eased"},
        "fix": {"regression"},
        "eased": {"regression"},
        "lost": {"gained"},
        "gained": {"lost"},
        "other": {"other"},
    }
    kinds = {(c.old.key, c.new.key): c.kind for c in there.changes}
    assert {(c.new.key, c.old.key) for c in back.changes} == set(kinds)
    assert all(c.kind in opposite[kinds[c.new.key, c.old.key]] for c in back.changes)
    assert there.same == back.same
    for shifts in ("grades", "errors", "examples"):
        turned = [
            Shift(
                Pair(s.pair.new, s.pair.old),
                s.clause,
                s.dtype,
                s.new,
                s.old,
                None if s.worse is None else not s.worse,
            )
            for s in getattr(back, shifts)
        ]
        assert set(getattr(there, shifts)) == set(turned)
    assert {(r.pair.old, r.before) for r in there.ran_once} == {
        (r.pair.new, not r.before) for r in back.ran_once
    }
    assert set(there.new_backends) == set(back.gone_backends)
    assert set(there.new_clauses) == set(back.gone_clauses)
    assert set(map(repr, there.appeared)) == set(map(repr, back.vanished))
    assert {(s.where, s.name, s.old, s.new) for s in there.settings if "->" not in s.where} == {
        (s.where, s.name, s.new, s.old) for s in back.settings if "->" not in s.where
    }


@given(runs(), runs())
@settings(deadline=None, max_examples=60)
def test_every_outcome_is_accounted_for(one: Results, other: Results) -> None:
    found = compare(one, other)
    ran = {p.new for p in found.pairs} - {r.pair.new for r in found.ran_once}
    met = [o for o in other.outcomes if o.backend in ran]
    assert len(met) == found.same + len(found.changes) + len(found.appeared)


@given(runs(), runs())
@settings(deadline=None, max_examples=40)
def test_it_is_told_in_every_form(one: Results, other: Results) -> None:
    comparison = of(one, other)
    told = json.loads(json.dumps(plain(comparison), allow_nan=False))
    assert len(told["changes"]) == len(comparison.differences.changes)
    words = "\n".join(text(comparison))
    assert sentence(comparison.differences)[1:] in words
    assert sentence(comparison.differences)[1:] in "\n".join(markdown(comparison))
    for change in comparison.differences.changes:
        assert any(
            change.new.clause in line and change.old.outcome in line for line in words.splitlines()
        )


@pytest.mark.parametrize(("was", "now"), [(a, b) for a, b in product(OUTCOMES, OUTCOMES) if a != b])
def test_the_kind_of_a_change(was: str, now: str) -> None:
    (change,) = compare(results([outcome(was)]), results([outcome(now)])).changes
    severity = {"fail": 1, "error": 2, "timeout": 3, "crash": 4}
    before, after = severity.get(was, 0), severity.get(now, 0)
    assert (change.kind == "regression") == (after > before)
    assert (change.kind in ("fix", "eased")) == (after < before)
    assert (change.kind == "fix") == (was in FAILURES and now == "pass")
    assert (change.kind == "lost") == (was == "pass" and now not in FAILURES)


@pytest.mark.parametrize(
    ("was", "now", "regressed", "worsened"),
    [
        ("pass", "fail", True, True),
        ("known", "fail", True, True),
        ("unsupported", "error", True, True),
        ("fail", "crash", True, True),
        ("pass", "known", False, True),
        ("pass", "unsupported", False, True),
        ("pass", "not run", False, True),
        ("fail", "unsupported", False, False),
        ("known", "unsupported", False, False),
        ("crash", "pass", False, False),
    ],
)
def test_what_counts_as_worse(was: str, now: str, regressed: bool, worsened: bool) -> None:
    found = compare(results([outcome(was)]), results([outcome(now)]))
    assert (found.regressed, found.worsened) == (regressed, worsened)


@pytest.mark.parametrize(
    ("old", "new", "worse"),
    [
        ("A+", "A", True),
        ("A", "A+", False),
        ("C(11)", "C(8)", True),
        ("A+w", "A+n", True),
        ("B", "A+n", False),
        ("A+", "A+w", None),
        ("A", "odd", None),
    ],
)
def test_grades(old: str, new: str, worse: bool | None) -> None:
    one, other = (results([outcome(facts={"grade": grade})]) for grade in (old, new))
    (shift,) = compare(one, other).grades
    assert (shift.old, shift.new, shift.worse) == (old, new, worse)
    assert compare(one, other).worsened == bool(worse)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (0.1, 0.39, False),
        (0.1, 0.41, True),
        (0.0, 0.009, False),
        (0.0, 0.011, True),
        (0.001, 0.009, False),
        (0.999, 1.001, True),
        (2.0, 7.0, False),
        (None, 0.5, False),
        (0.5, math.inf, False),
    ],
)
def test_errors_are_told_when_they_moved_far(old: float | None, new: float, said: bool) -> None:
    one, other = (results([outcome(worst=worst)]) for worst in (old, new))
    for there, back, worse in ((one, other, True), (other, one, False)):
        assert [shift.worse for shift in compare(there, back).errors] == [worse] * said


def test_a_pass_on_far_fewer_examples_is_told_within_one_profile() -> None:
    one, other = results([outcome(examples=100)]), results([outcome(examples=24)])
    (shift,) = compare(one, other).examples
    assert (shift.old, shift.new, shift.worse) == (100, 24, True)
    assert compare(one, results([outcome(examples=25)])).examples == ()
    assert [s.new for s in compare(one, results([outcome(examples=0)])).examples] == [0]
    quick = compare(one, replace(other, run=replace(RUN, profile="quick")))
    assert quick.examples == ()
    assert "the profiles differ (standard, then quick)" in quick.caveats[0]


def test_a_backend_that_stopped_running_is_a_regression() -> None:
    ran = results([outcome()], replace(backend(), spec="a:Acme"))
    # What does not run has no name of its own yet, and goes by its spec.
    absent = replace(backend("a:Acme", "no device"), spec="a:Acme")
    stopped = compare(ran, results([], absent))
    assert stopped.regressed
    assert stopped.compared
    assert stopped.pairs == (Pair("acme", "a:Acme"),)
    assert stopped.vanished == ()
    assert sentence(stopped) == "1 backend not run any more; 0 outcomes are the same"
    assert "no device" in "\n".join(text(of(ran, results([], absent))))
    assert not compare(results([], absent), ran).worsened
    assert not compare(results([], absent), results([], absent)).compared


def test_backends_that_come_and_go() -> None:
    one = results([outcome(), outcome(backend="b")], backend(), backend("b"))
    other = results([outcome(), outcome("fail", backend="c")], backend(), backend("c"))
    found = compare(one, other)
    assert (found.new_backends, found.gone_backends) == (("c",), ("b",))
    assert (found.regressed, found.worsened) == (False, True)
    assert not compare(one, other, [Pair("acme", "acme")]).worsened
    assert compare(one, other, [Pair("b", "c")]).regressed


def test_two_backends_of_one_file() -> None:
    one = results([outcome(), outcome("fail", backend="b")], backend(), backend("b"))
    found = compare(one, one, [Pair("acme", "b")])
    assert [change.pair.label for change in found.changes] == ["acme -> b"]
    assert found.regressed
    assert {(s.name, s.old, s.new) for s in found.settings} == set()


@pytest.mark.parametrize(
    ("asked", "pair"),
    [
        ("acme", Pair("acme", "acme")),
        ("acme=b=c", Pair("acme", "b=c")),
        ("b=c", Pair("b=c", "b=c")),
        ("b=c=acme", Pair("b=c", "acme")),
        ("acme:Acme", Pair("acme", "acme")),
        ("b=c:Acme=acme", Pair("b=c", "acme")),
    ],
)
def test_names_may_hold_equals_signs(asked: str, pair: Pair) -> None:
    one = results([], backend(), backend("b=c"))
    assert pair_of(asked, one, one) == pair


@pytest.mark.parametrize("asked", ["none", "acme=none", "none=acme", "=", "", "a=a=a"])
def test_a_pair_that_is_not_there(asked: str) -> None:
    one = results([], backend(), backend("a"), backend("a=a"))
    with pytest.raises(UnknownBackendError, match=r"the old ones: 'acme', 'a', 'a=a'"):
        pair_of(asked, one, one)


def test_what_limits_the_comparison_is_said() -> None:
    one = results([outcome()])
    reworded = (replace(CLAUSES[0], sentence="Other."), *CLAUSES[1:])
    changes: list[tuple[Results, str]] = [
        (results([outcome()], suite="9"), "the suites differ (0.1.0, then 9)"),
        (results([outcome()], profile="quick"), "the profiles differ (standard, then quick)"),
        (results([outcome()], seed=8), "the seeds differ (7, then 8)"),
        (results([outcome()], seed=None), "the seeds differ (7, then none)"),
        (results([outcome()], shard=(1, 2)), "the runs are other shards"),
        (replace(one, end=None), "the new run did not finish"),
        (replace(one, damage=("line 4 was cut off",)), "the new results: line 4 was cut off"),
        (replace(one, clauses=reworded), "clause CORR-1 says something else"),
    ]
    for other, said in changes:
        (caveat,) = compare(one, other).caveats
        assert caveat.startswith(said)
        assert caveat in "\n".join(text(of(one, other)))
        assert "Before you conclude" in page(of(one, other))


def test_versions_promises_and_surroundings() -> None:
    one = results([outcome()], replace(backend(), environment={"os": "x", "card": "y"}))
    changed = replace(
        backend(), version="1.3", dtypes=("float32", "float16"), promises={}, claims={"axes": "2"}
    )
    other = results([outcome()], replace(changed, environment={"os": "z"}), environment={})
    assert [(s.where, s.name, s.old, s.new) for s in compare(one, other).settings] == [
        ("the run", "python", "3.11.9", None),
        ("acme", "version", "1.2", "1.3"),
        ("acme", "dtypes", "float32", "float32, float16"),
        ("acme", "promise in float32", "B", None),
        ("acme", "os", "x", "z"),
        ("acme", "card", "y", None),
        ("acme", "claim: axes", None, "2"),
    ]


def test_dtypes_that_came_to_the_same_share_a_row() -> None:
    dtypes = ("float16", "float64", "float32")
    one = results([outcome(dtype=dtype) for dtype in dtypes])
    other = results([outcome("fail", d, reason="It is wrong.\nMore.", case=CASE) for d in dtypes])
    (table,) = tables(compare(one, other))
    why = "It is wrong.; diagnosis: The bias is left out."
    assert table.rows == (("CORR-1", "acme", "float64, float32, float16", "pass", "fail", why),)


def test_text_and_markdown_show_what_is_there_and_obey_nothing() -> None:
    bad = replace(backend(HOSTILE), version=HOSTILE)
    one = results([outcome(backend=HOSTILE)], backend(HOSTILE), suite=HOSTILE)
    other = results([outcome("fail", HOSTILE, backend=HOSTILE, reason=HOSTILE)], bad)
    failing = results([outcome("fail", backend=HOSTILE, reason=HOSTILE)], bad)
    for new in (other, failing):
        for lines in (list(text(of(one, new))), list(markdown(of(one, new)))):
            assert all(line.isprintable() for line in lines)
            assert not any(line.lstrip().startswith("::") for line in lines)
        told = [line for line in markdown(of(one, new)) if line.startswith("|")]
        heads = [line for line in told if "---" in line]
        assert heads
        for line in told:
            assert "<script" not in line.replace("\\<", "")
    rows = [line for line in markdown(of(one, failing)) if "alert" in line and line[0] == "|"]
    assert {line.replace("\\|", "").count("|") for line in rows} <= {7, 6, 5}


def test_long_markdown_is_cut_and_says_so() -> None:
    dtypes = [f"d{at}" for at in range(150)]
    one = results([outcome(dtype=d) for d in dtypes])
    other = results([outcome("fail", d, reason=d) for d in dtypes])
    lines = list(markdown(of(one, other)))
    assert "And 50 more." in lines
    assert sum(line.startswith("| CORR") for line in lines) == 100
    assert sum("CORR" in line for line in text(of(one, other))) == 150


def test_a_page_of_very_many_changes_stays_small_and_says_what_it_lacks() -> None:
    dtypes = [f"d{at}" for at in range(10_000)]
    one = results([outcome(dtype=d) for d in dtypes])
    other = results([outcome("fail", d, reason=f"{d} " + "is wrong " * 9) for d in dtypes])
    told = page(of(one, other))
    assert len(told) < 300_000
    assert "And 9,500 more; the text and the JSON" in told
    assert len(list(text(of(one, other)))) > 10_000


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(width: int, scheme: Any, tab: Any, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    one = results([outcome(), outcome(dtype="float64"), outcome(dtype="")], suite=HOSTILE)
    other = results(
        [outcome("crash", reason=HOSTILE * 9), outcome("known", "float64"), outcome(dtype="x")],
        replace(backend(), version=HOSTILE),
    )
    (tmp_path / "d.html").write_text(page(of(one, other)), "utf-8")
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    open_file(tab, tmp_path / "d.html")
    assert "1 regression, 1 pass lost" in tab.locator(".summary").inner_text()
    assert tab.locator("td .badge.crash").count() == 1
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(tab).response["violations"] == []
