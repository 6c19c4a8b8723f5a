"""Merging: the same whatever the order and the grouping, no pass invented, no failure lost."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.__main__ import main
from reports.merging import PRECEDENCE, merge, records, write
from reports.records import FORMAT, OUTCOMES, Backend, End, Outcome, ResultsError, Run
from reports.results import Results, as_line, count, read
from reports.tests.pages import pages, section
from reports.tests.samples import CASE, CLAUSES, RUN, backend, outcome, written
from reports.tests.test_results import as_read
from reports.words import FAILURES

SHARDS = [replace(RUN, shard=(at, 3), id=f"id{at}", started=f"{at}:00") for at in (1, 2, 3)]
BARE = replace(CASE, diagnosis="", script="")
DIAGNOSED = replace(BARE, diagnosis="the filter is flipped")
SCRIPTED = replace(BARE, diagnosis="the bias is lost", script="import numpy\n")
ENVIRONMENTS = st.fixed_dictionaries({}, optional={k: st.sampled_from("12") for k in ("a", "b")})
WORST_FIRST = ("crash", "timeout", "error", "fail", "known", "unsupported", "pass", "not run")


@st.composite
def parts(draw: st.DrawFn) -> Results:
    """Results of one suite; two of them often have a run, a backend or an outcome in common."""
    run = draw(st.sampled_from([RUN, *SHARDS])) if draw(st.booleans()) else draw(RUNS)
    clauses = draw(st.lists(st.sampled_from(CLAUSES[:2]), min_size=1, unique_by=lambda c: c.id))
    backends = draw(st.lists(BACKENDS, min_size=1, max_size=3, unique_by=lambda b: b.name))
    outcomes = st.builds(
        outcome,
        st.sampled_from(OUTCOMES),
        st.sampled_from(["float32", ""]),
        clause=st.sampled_from([clause.id for clause in clauses]),
        backend=st.sampled_from([backend.name for backend in backends]),
        examples=st.integers(0, 2),
        worst=st.sampled_from([None, 0.0, -0.0, 1.0, float("inf")]),
        case=st.sampled_from([None, BARE, DIAGNOSED, SCRIPTED]),
        # The last two are equal, and yet other bytes.
        facts=st.sampled_from([{}, {"a": "1"}, {"a": "1", "b": "2"}, {"b": "2", "a": "1"}]),
    )
    drawn = draw(st.lists(outcomes, max_size=4, unique_by=lambda o: o.key))
    ends = st.builds(
        End, st.sampled_from(["6:00", "7:00"]), st.integers(-1, 6), st.just(count(drawn))
    )
    damage = draw(st.lists(st.sampled_from(["line 4 was left out", "cut off"]), max_size=2))
    return Results(
        run, tuple(clauses), tuple(backends), tuple(drawn), draw(st.none() | ends), tuple(damage)
    )


RUNS = st.builds(
    Run,
    st.just(FORMAT),
    st.just(RUN.suite),
    st.sampled_from(["1:00", "2:00"]),
    st.just(RUN.profile),
    st.sampled_from([None, 7]),
    ENVIRONMENTS,
    st.sampled_from([None, (1, 2), (2, 2), (2, 3)]),
    st.sampled_from(["", "id1"]),
)
BACKENDS = st.builds(
    lambda name, not_run, environment: replace(backend(name, not_run), environment=environment),
    st.sampled_from(["acme", "acme", "acme:Acme"]),
    st.sampled_from([None, None, "", "no such device", "no licence"]),
    ENVIRONMENTS,
)
SEVERAL = st.lists(parts(), min_size=1, max_size=4)


def as_bytes(results: Results) -> bytes:
    return b"".join(map(as_line, records(results)))


def part(outcomes: list[Outcome], run: Run = RUN, exit_code: int | None = 0) -> Results:
    """The results of a run that had these outcomes."""
    end = None if exit_code is None else End("9:00", exit_code, count(outcomes))
    return Results(run, tuple(CLAUSES), (backend(),), tuple(outcomes), end)


@given(SEVERAL, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=70)
def test_the_order_the_grouping_and_repetition_make_no_difference(
    several: list[Results], random: Any
) -> None:
    whole = as_bytes(merge(several))
    shuffled = random.sample(several, len(several)) + random.sample(several, 1)
    assert as_bytes(merge(shuffled)) == whole
    at = random.randint(1, len(several))
    grouped = [merge(group) for group in (several[:at], several[at:]) if group]
    assert as_bytes(merge(grouped)) == whole
    assert as_bytes(merge([merge(several), random.choice(several)])) == whole


@given(SEVERAL)
@settings(deadline=None, max_examples=40)
def test_merged_results_are_read_as_they_were_written(several: list[Results]) -> None:
    merged = merge(several)
    with tempfile.TemporaryDirectory() as folder:
        write(merged, Path(folder) / "new" / "all.jsonl")
        assert (Path(folder) / "new" / "all.jsonl").read_bytes() == as_bytes(merged)
        assert read(Path(folder) / "new" / "all.jsonl") == merged


@given(SEVERAL)
@settings(deadline=None, max_examples=70)
def test_no_pass_is_invented_and_no_failure_lost(several: list[Results]) -> None:
    merged = {outcome.key: outcome for outcome in merge(several).outcomes}
    every = [outcome for results in several for outcome in results.outcomes]
    assert merged.keys() == {outcome.key for outcome in every}
    for key, standing in merged.items():
        given = [outcome for outcome in every if outcome.key == key]
        found = {outcome.outcome for outcome in given}
        assert as_line(standing) in map(as_line, given)
        assert (standing.outcome in FAILURES) == bool(found & set(FAILURES))
        assert standing.outcome != "pass" or found <= {"pass", "not run"}


def test_every_outcome_has_its_precedence() -> None:
    assert sorted(PRECEDENCE) == sorted(OUTCOMES)


@pytest.mark.parametrize(("worse", "better"), list(combinations(WORST_FIRST, 2)))
def test_the_worse_outcome_stands(worse: str, better: str) -> None:
    one, other = outcome(worse, examples=3), outcome(better, examples=9000, worst=5.0, case=CASE)
    for order in permutations([part([one]), part([other])]):
        assert merge(order).outcomes == (one,)


@pytest.mark.parametrize(
    ("stands", "other"),
    [
        (outcome("fail", case=BARE), outcome("fail", examples=99, worst=9.0, facts={"z": "1"})),
        (outcome("fail", case=DIAGNOSED), outcome("fail", examples=99, case=BARE)),
        (outcome("fail", case=SCRIPTED), outcome("fail", examples=99, case=DIAGNOSED)),
        (outcome(facts={"grade": "A"}), outcome(examples=99, worst=0.5)),
        (outcome(worst=0.5, examples=1), outcome(worst=0.25, examples=99)),
        (outcome(worst=0.0, examples=1), outcome(examples=99)),
        (outcome(examples=11), outcome(examples=10, reason="z")),
        (outcome(reason="b"), outcome(reason="a")),
        (outcome(facts={"grade": "B"}), outcome(facts={"grade": "A"})),
    ],
)
def test_of_the_same_outcome_the_one_that_shows_more_stands(
    stands: Outcome, other: Outcome
) -> None:
    for order in permutations([part([stands]), part([other])]):
        assert merge(order).outcomes == (stands,)


def test_facts_are_those_of_the_outcome_that_stands() -> None:
    held, broken = outcome(facts={"grade": "A"}), outcome("fail", facts={"width": "11 bits"})
    for order in permutations([part([held]), part([broken]), part([outcome("known")])]):
        assert [standing.facts for standing in merge(order).outcomes] == [broken.facts]


def test_clauses_and_backends_stay_in_their_order() -> None:
    other = replace(part([]), clauses=tuple(CLAUSES[::2]), backends=(backend("b"), backend("a")))
    merged = merge([other, part([]), replace(other, backends=(backend("b"), backend()))])
    assert merged.clauses == tuple(CLAUSES)
    assert sorted(b.name for b in merged.backends) == ["a", "acme", "b"]
    assert merge([other]).backends == other.backends
    orders = {"1:00": "abc", "2:00": "bxc", "3:00": "by"}
    several = [
        replace(part([], replace(RUN, started=at)), backends=tuple(map(backend, names)))
        for at, names in orders.items()
    ]
    for order in permutations(several):
        assert "".join(b.name for b in merge(order).backends) == "abyxc"


def test_the_header_is_what_the_runs_have_in_common() -> None:
    here = replace(RUN, environment={"python": "3.11", "cores": "2"}, started="2:00", seed=3)
    there = replace(RUN, environment={"python": "3.11", "cores": "8"}, started="1:00", shard=(1, 1))
    merged = merge([part([], here), part([], there), part([], replace(there, id="later"))])
    common = replace(RUN, environment={"python": "3.11"}, started="1:00", seed=None, id="")
    assert merged.run == common
    assert {run.id for run in merged.runs} == {RUN.id, "later"}
    assert merged.runs[0] == there
    assert merge([part([], there), part([outcome()], there)]).run == there


@pytest.mark.parametrize(
    ("codes", "worst"),
    [([0, 0], 0), ([0, 5], 5), ([5, 1], 1), ([1, 2], 2), ([2, 4, 3], 3), ([3, 77, -9], 77)],
)
def test_the_worst_exit_code_is_that_of_all(codes: list[int], worst: int) -> None:
    several = [part([], replace(RUN, id=str(c)), c) for c in codes]
    for order in permutations(several):
        end = merge(order).end
        assert end is not None
        assert end.exit == worst


def test_the_end_is_there_when_every_run_has_one() -> None:
    fail, held = outcome("fail"), outcome(dtype="float64")
    one, other = part([fail], SHARDS[0], 1), part([held], SHARDS[1], 0)
    later = replace(other, end=End("9:30", 0, {"pass": 1}))
    assert merge([one, later]).end == End("9:30", 1, {"pass": 1, "fail": 1})
    stopped = merge([one, replace(other, end=None)])
    assert stopped.end is None
    assert "run id2 (shard 2 of 3, started 2:00) did not finish" in stopped.problems


def test_a_run_that_was_resumed_ended_as_it_ended_last() -> None:
    stopped = replace(part([outcome()]), end=End("8:00", 2, {"pass": 1}))
    killed = replace(stopped, end=None)
    whole = part([outcome(), outcome(dtype="")])
    merged = merge([killed, stopped, whole])
    assert merged.end == whole.end
    assert merged.problems == ()
    assert len(merged.runs) == 1


@pytest.mark.parametrize(
    ("shards", "said"),
    [
        ([], []),
        ([(1, 1)], []),
        ([(1, 3), (2, 3), (3, 3)], []),
        ([(1, 3), (3, 3), None], ["shard 2 of 3 is missing"]),
        ([(2, 3)], ["shards 1, 3 of 3 are missing"]),
        ([(1, 10**12)], ["shards 2, 3, 4, 5, 6, 7, ... of 1000000000000 are missing"]),
        (
            [(1, 2), (2, 2), (1, 3), (2, 3)],
            [
                "shards of 2 and 3 were merged, which are not shares of one run",
                "shard 3 of 3 is missing",
            ],
        ),
    ],
)
def test_missing_shards_are_said(shards: list[tuple[int, int] | None], said: list[str]) -> None:
    several = [part([], replace(RUN, shard=shard)) for shard in [*shards, *shards]]
    assert list(merge([*several, part([])]).problems) == said


def test_damage_is_said_with_the_run_and_stays() -> None:
    damaged = replace(part([], SHARDS[0]), damage=("line 4 was left out",))
    merged = merge([merge([damaged]), part([], SHARDS[1]), part([], SHARDS[2])])
    assert merged.problems == ("run id1 (shard 1 of 3, started 1:00): line 4 was left out",)
    with pytest.raises(ResultsError, match=r"merge anew .* \(line 9 was cut off\)"):
        merge([replace(merged, damage=("line 9 was cut off",))])


def test_a_merged_file_that_lost_a_part_without_a_trace_is_refused() -> None:
    one, more = (
        replace(part([], run), clauses=tuple(CLAUSES[:n])) for n, run in ((1, RUN), (2, SHARDS[0]))
    )
    other = replace(more, clauses=one.clauses, backends=(backend("other"),))
    for whole in (merge([one, more]), merge([one, other])):
        with pytest.raises(ResultsError, match="that no part has"):
            merge([replace(whole, parts=tuple(p for p in whole.parts if p.run == RUN))])


@given(SEVERAL, st.data())
@settings(deadline=None, max_examples=40)
def test_a_damaged_merged_file_is_refused_or_tells_the_same(
    several: list[Results], data: st.DataObject
) -> None:
    lines = as_bytes(merge(several)).splitlines(keepends=True)
    lost = data.draw(st.integers(1, len(lines) - 1))
    for instead in (b"", b"x\n"):
        damaged = as_read(b"".join([*lines[:lost], instead, *lines[lost + 1 :]]))
        with suppress(ResultsError):
            merged = merge([damaged])
            assert not instead or merged.problems
            assert set(map(as_line, merged.outcomes)) <= set(lines)


def ran(**changes: Any) -> Results:
    return replace(part([]), backends=(replace(backend(), **changes),))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (part([], replace(RUN, suite="0.2.0")), "suite version ('0.1.0' and '0.2.0')"),
        (part([], replace(RUN, profile="quick")), "profile ('quick' and 'standard')"),
        (ran(version="1.3"), "'acme' has the version '1.2' in one run and '1.3' in another"),
        (ran(spec="x:Y"), "has the spec 'acme:Acme' in one run and 'x:Y' in another"),
        (ran(dtypes=("float64",)), "has the dtypes ('float32',) in one run and ('float64',)"),
        (ran(promises={}), "has the promises {'float32': 'B'} in one run and {}"),
        (
            replace(part([]), clauses=(replace(CLAUSES[0], sentence="Other."),)),
            "clause 'CORR-1' does not say the same in all runs",
        ),
    ],
)
def test_what_cannot_be_of_one_run_is_refused(other: Results, said: str) -> None:
    one = part([], replace(RUN, started="0"))
    for order in permutations([one, other, merge([one])]):
        with pytest.raises(ResultsError) as refused:
            merge(order)
        assert said in str(refused.value)


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ResultsError, match="nothing to merge"):
        merge([])


def test_a_backend_that_ran_anywhere_ran() -> None:
    absent = Backend("acme", "acme", "", (), {}, {}, "no such device")
    unnamed = Backend("acme:Acme", "acme:Acme", "", (), {}, {}, "cannot be imported")
    several = [replace(part([]), backends=(b,)) for b in (absent, unnamed, backend())]
    for order in permutations(several):
        assert merge(order).backends == (backend(),)
    tested = replace(several[1], outcomes=(outcome("not run", backend=unnamed.name),))
    assert merge([tested, several[2]]).backends == (unnamed, backend())
    nowhere = [several[0], replace(part([]), backends=(replace(absent, not_run="no licence"),))]
    for order in permutations(nowhere):
        (only,) = merge(order).backends
        assert only.not_run == "no licence; no such device"


def test_what_surrounds_a_backend_is_what_is_the_same_everywhere() -> None:
    here, there = (
        ran(environment={"device": "a", "os": "x"}),
        ran(environment={"device": "b", "os": "x"}),
    )
    (only,) = merge([here, there]).backends
    assert only.environment == {"os": "x"}


# -- The page and the command ----------------------------------------------------------------------


def saved(folder: Path, name: str, results: Results) -> str:
    return str(written(folder / name, list(records(results))))


def test_the_page_shows_the_runs_and_how_they_differ(tmp_path: Path) -> None:
    here = part([], replace(SHARDS[0], environment={"python": "3.11", "cores": "2"}), 1)
    there = part([], replace(SHARDS[1], environment={"python": "3.11", "cores": "8"}), None)
    one, other = (replace(backend(), environment={"os": "x", "card": at}) for at in "ab")
    here = replace(here, backends=(one,))
    there = replace(there, backends=(other, backend("b", "no <device>")), damage=("<line 4>",))
    page = pages(merge([here, there]))["index"]
    told = section(page, "environment")
    _, together, *cards = told.split("<article")[1:]
    assert "<h3>What all of them ran in</h3>" in together
    assert "<dt>python</dt><dd>3.11</dd>" in together
    assert "cores" not in together
    cards = ["", *cards]
    for at, (cores, finished) in enumerate([("2", "9:00"), ("8", "it did not finish")], start=1):
        assert f"<h3>run id{at} (shard {at} of 3, started {at}:00)</h3>" in cards[at]
        assert f"<dt>cores</dt><dd>{cores}</dd>" in cards[at]
        assert f"<dt>finished</dt><dd>{finished}</dd>" in cards[at]
        assert "python" not in cards[at]
    assert "<dt>acme: card</dt><dd>a</dd>" in cards[1]
    assert "<dt>acme: card</dt><dd>b</dd>" in cards[2]
    assert "acme: os" not in told
    assert "<dt>b</dt><dd>did not run: no &lt;device&gt;</dd>" in cards[2]
    for problem in ("shard 3 of 3 is missing", "started 2:00) did not finish", "&lt;line 4&gt;"):
        assert problem in page[: page.index("<h2")]
    assert "Not every run that was merged here finished." in page


def test_the_command_merges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    several = [part([outcome(dtype=run.id)], run) for run in SHARDS]
    first, second, third = (saved(tmp_path, r.run.id, r) for r in several)
    assert main(["merge", first, second, "-o", str(tmp_path / "new" / "two")]) == 0
    assert capsys.readouterr().err.endswith("two: shard 3 of 3 is missing\n")
    assert main(["merge", third, str(tmp_path / "new" / "two"), "-o", str(tmp_path / "all")]) == 0
    assert capsys.readouterr().err == ""
    assert read(tmp_path / "all") == merge(several)
    assert main(["html", str(tmp_path / "all"), "-o", str(tmp_path / "page.html")]) == 0
    assert "The runs together" in (tmp_path / "page.html").read_text("utf-8")


def test_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = saved(tmp_path, "good", part([]))
    other = saved(tmp_path, "other", part([], replace(RUN, suite="9")))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "link").symlink_to(good)
    (tmp_path / "hard").hardlink_to(good)
    for arguments, said in [
        ([good, other, "-o", str(tmp_path / "all")], "cannot merge these results: the runs differ"),
        ([good, str(tmp_path / "none"), "-o", str(tmp_path / "all")], "No such file"),
        ([good, str(tmp_path / "empty"), "-o", str(tmp_path / "all")], "the file is empty"),
        ([good, "-o", str(tmp_path)], "cannot write the results"),
        ([good, good, "-o", good], "is one of the inputs"),
        ([good, "-o", str(tmp_path / "link")], "is one of the inputs"),
        ([good, "-o", str(tmp_path / "hard")], "is one of the inputs"),
    ]:
        assert main(["merge", *arguments]) == 2
        assert said in capsys.readouterr().err
    assert main(["html", good, "-o", good]) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert not (tmp_path / "all").exists()
    assert read(good) == part([])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "empty",
        "good",
        "hard",
        "link",
        "other",
    ]
