"""The results file: what is written is read, and what is damaged is said and never passes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.results import (
    FORMAT,
    OUTCOMES,
    Array,
    Backend,
    Case,
    Clause,
    End,
    Outcome,
    Part,
    Record,
    Results,
    ResultsError,
    Run,
    Writer,
    as_line,
    count,
    read,
)
from reports.tests.samples import CLAUSES, RUN, backend, outcome, records, written

TEXT = st.text(st.characters(), max_size=12)  # with lone surrogates, controls and all
TEXTS = st.dictionaries(TEXT, TEXT, max_size=2)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
VALUES = st.lists(NUMBERS | st.sampled_from(["nan", "inf", "-inf"]), max_size=6)
ARRAYS = VALUES.map(lambda values: Array("float64", (1, len(values)), tuple(values))) | st.just(
    Array("float16", (700, 2), None)
)
CASES = st.builds(
    Case,
    st.dictionaries(TEXT, JSON, max_size=3),
    st.dictionaries(TEXT, ARRAYS, max_size=3),
    TEXT,
    TEXT,
)
SHARDS = st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)).map(lambda s: (s[0], sum(s)))
RUNS = st.builds(
    Run,
    st.just(FORMAT),
    TEXT,
    TEXT,
    TEXT,
    st.none() | st.integers(),
    TEXTS,
    st.none() | SHARDS,
    TEXT,
)
BACKENDS = st.builds(
    Backend, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=3), TEXTS, TEXTS, st.none() | TEXT
)
ENDS = st.builds(End, TEXT, st.integers(), st.dictionaries(st.sampled_from(OUTCOMES), st.just(3)))
PARTS = st.builds(
    Part,
    RUNS,
    st.none() | ENDS,
    st.lists(TEXT, max_size=3),
    st.lists(BACKENDS, max_size=2),
    st.lists(TEXT, max_size=2),
)


@st.composite
def runs(draw: st.DrawFn) -> list[Record]:
    clauses = draw(
        st.lists(
            st.builds(Clause, TEXT, TEXT, TEXT, TEXT),
            min_size=1,
            max_size=3,
            unique_by=lambda clause: clause.id,
        )
    )
    backends = draw(
        st.lists(BACKENDS, min_size=1, max_size=3, unique_by=lambda backend: backend.name)
    )
    outcomes = st.builds(
        Outcome,
        st.sampled_from([clause.id for clause in clauses]),
        st.sampled_from([backend.name for backend in backends]),
        TEXT,
        st.sampled_from(OUTCOMES),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.none() | st.floats(min_value=0, allow_nan=False),
        st.floats(0, 1e9),
        TEXT,
        st.none() | CASES,
        st.dictionaries(TEXT, TEXT, max_size=3),
    )
    drawn = draw(st.lists(outcomes, max_size=5, unique_by=lambda outcome: outcome.key))
    end = draw(st.none() | st.builds(End, TEXT, st.integers(), st.just(count(drawn))))
    parts = draw(st.lists(PARTS, max_size=2))
    return [draw(RUNS), *parts, *clauses, *backends, *drawn, *([end] if end else [])]


def as_read(contents: bytes) -> Results:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        path.write_bytes(contents)
        return read(path)


def flat(results: Results) -> list[Record]:
    end = [results.end] if results.end else []
    described = (*results.parts, *results.clauses, *results.backends)
    return [results.run, *described, *results.outcomes, *end]


def passes(results: Results) -> int:
    return count(results.outcomes).get("pass", 0)


WHOLE = b"".join(map(as_line, records()))


@given(runs())
@settings(deadline=None, max_examples=150)
def test_what_is_written_is_read(drawn: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = read(written(Path(folder) / "new" / "results.jsonl", drawn))
    assert flat(results) == drawn
    assert results.damage == ()


@given(runs())
@settings(deadline=None, max_examples=50)
def test_every_line_is_strict_json_with_the_fields_of_its_kind(drawn: list[Record]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for record in drawn:
        line = as_line(record)
        assert line.count(b"\n") == 1
        content = json.loads(line, parse_constant=refuse)
        assert content.pop("kind") == type(record).__name__.lower()
        assert list(content) == list(vars(record))


def test_a_record_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    with Writer(tmp_path / "r") as writer:
        for at, record in enumerate(records(), start=1):
            writer.write(record)
            assert (tmp_path / "r").read_bytes().count(b"\n") == at


def test_a_file_cut_at_any_byte_is_read_without_a_new_pass(tmp_path: Path) -> None:
    full = flat(as_read(WHOLE))
    header = WHOLE.index(b"\n")
    path = tmp_path / "cut"
    for size in range(len(WHOLE)):
        path.write_bytes(WHOLE[:size])
        if size < header:
            with pytest.raises(ResultsError):
                read(path)
            continue
        results = read(path)
        assert flat(results) == full[: len(flat(results))]
        between_lines = WHOLE[size : size + 1] == b"\n" or WHOLE[size - 1 : size] == b"\n"
        assert [p for p in results.problems if "was cut off" in p] == list(results.problems)
        assert len(results.problems) == (0 if between_lines else 1)
        assert (results.end is not None) == (size == len(WHOLE) - 1)


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_damaged_bytes_never_add_a_pass(data: st.DataObject) -> None:
    contents = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(contents) - 1))
        contents[at] = data.draw(st.integers(0, 255))
    try:
        results = as_read(bytes(contents))
    except ResultsError:
        return
    assert passes(results) <= 1


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_lines_in_another_order_never_add_an_outcome(data: st.DataObject) -> None:
    header, *lines = WHOLE.splitlines(keepends=True)
    shuffled = data.draw(st.permutations(lines))
    results = as_read(header + b"".join(shuffled))
    assert set(map(repr, results.outcomes)) <= set(map(repr, as_read(WHOLE).outcomes))
    if len(flat(results)) < len(lines) + 1:
        assert results.problems


def test_a_lost_line_is_missed() -> None:
    lines = WHOLE.splitlines(keepends=True)
    for at in range(1, len(lines)):
        if json.loads(lines[at])["kind"] in ("outcome", "end"):
            results = as_read(b"".join(lines[:at] + lines[at + 1 :]))
            assert results.problems or results.end is None


def test_outcomes_that_are_there_twice_are_not_used() -> None:
    fail, other = outcome("fail"), outcome("pass", "float64")
    lines = [as_line(r) for r in (RUN, CLAUSES[0], backend(), outcome("pass"), other, fail)]
    results = as_read(b"".join(lines))
    assert results.outcomes == (other,)
    assert "more than once" in results.problems[-1]


def changed(change: Callable[[dict[str, Any]], Any], record: Record | None = None) -> bytes:
    content = json.loads(as_line(record or outcome("pass")))
    change(content)
    return json.dumps(content).encode() + b"\n"


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (b"not JSON\n", "line 4 was left out: it is not JSON"),
        (b"\xff\xfe\n", "it is not JSON"),
        (b"[" * 100_000 + b"\n", "it is not JSON"),
        (b"[]\n", "it is [], but must be an object"),
        (b'{"kind": "run", "kind": "end"}\n', "a field twice"),
        (b'{"kind": "verdict"}\n', "kind is 'verdict', but must be one of run, part"),
        (b'{"kind": ["run"]}\n', "kind is ['run'], but must be one of run"),
        (changed(lambda c: c.update(worst=float("nan"))), "NaN must be a string"),
        (changed(lambda c: c.update(worst="nan")), "outcome.worst is nan, but must be 0 or more"),
        (changed(lambda c: c.update(worst=-0.5)), "outcome.worst is -0.5, but must be 0 or more"),
        (changed(lambda c: c.update(worst=10**400)), "must be of type float"),
        (changed(lambda c: c.update(outcome="passed")), "outcome.outcome is 'passed', but must be"),
        (changed(lambda c: c.update(examples="10")), "outcome.examples is '10', but must be of"),
        (changed(lambda c: c.update(examples=True)), "outcome.examples is True, but must be of"),
        (changed(lambda c: c.update(examples=10**30)), "but must be from 0 to 2**63 - 1"),
        (changed(lambda c: c.update(seconds="inf")), "outcome.seconds is inf, but must be finite"),
        (changed(lambda c: c.update(note="")), "outcome has a field 'note', which is unknown"),
        (changed(lambda c: c.pop("reason")), "outcome.reason is missing"),
        (changed(lambda c: c.update(clause="CORR-9")), "an outcome of clause 'CORR-9', which no"),
        (changed(lambda c: c.update(backend="none")), "an outcome of backend 'none', which no"),
        (changed(lambda c: c.update(case={"parameters": {}})), "case.arrays is missing"),
        (as_line(CLAUSES[0]), "a second clause 'CORR-1'"),
        (as_line(backend()), "a second backend 'acme'"),
        (as_line(RUN), "the run header is the first record, and only the first"),
        (as_line(Part(RUN, None, (), ())), "a part after the first clause or backend"),
        (as_line(End("", 0, {"pass": 1})), "the end counts 1 of outcome 'pass', and there are 0"),
        (as_line(End("", 0, {})) + as_line(outcome()), "a record after the end"),
        (changed(lambda c: c.update(outcomes={"won": 1}), End("", 0, {})), "must be one of pass"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(damaged: bytes, said: str) -> None:
    results = as_read(as_line(RUN) + as_line(CLAUSES[0]) + as_line(backend()) + damaged)
    assert said in " | ".join(results.problems)
    assert results.outcomes == ()


def test_deep_parameters_are_a_problem_and_no_crash() -> None:
    deep = b"[" * 900 + b"]" * 900
    damaged = changed(lambda c: c.update(case={"parameters": {"p": "HERE"}, "arrays": {}}))
    results = as_read(
        as_line(RUN) + as_line(CLAUSES[0]) + as_line(backend()) + damaged.replace(b'"HERE"', deep)
    )
    assert len(results.outcomes) + len(results.problems) == 1


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (as_line(CLAUSES[0]), "the first line is of kind 'clause', not 'run'"),
        (b"\x89PNG\r\n", "no usable run header in the first line: it is not JSON"),
        (
            b'{"kind": "run", "format": 99, "new": 1}\n',
            "its format is 99, and this program reads 3",
        ),
        (b'{"kind": "run", "format": 3}\n', "run.suite is missing"),
        (changed(lambda c: c.pop("shard"), RUN), "run.shard is missing"),
        (changed(lambda c: c.update(shard=[4, 3]), RUN), r"run.shard is \(4, 3\), but must be two"),
    ],
)
def test_a_file_that_is_no_results_file_is_refused(contents: bytes, said: str) -> None:
    with pytest.raises(ResultsError, match=said):
        as_read(contents)


def spoilt() -> Backend:
    spoilt = backend()
    spoilt.environment["threads"] = 4  # type: ignore[assignment]
    return spoilt


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (lambda: replace(outcome(), outcome="passed"), "outcome.outcome is 'passed'"),
        (lambda: replace(outcome(), clause="CORR-9"), "an outcome of clause 'CORR-9'"),
        (lambda: outcome(worst=float("nan")), "outcome.worst is nan"),
        (lambda: replace(outcome(), case=Case({"p": 10**5000}, {})), "cannot be written as JSON"),
        (lambda: Case({"p": object()}, {}), "must be plain JSON"),
        (lambda: Case({}, {"x": np.ones(2)}), "case.arrays.x is array"),  # type: ignore[dict-item]
        (lambda: Case({}, {}), "the record is Case.*but must be one of run"),
        (lambda: Array("float32", (3,), (1.0,)), "array.values holds 1 values"),
        (lambda: Array("float32", (1,), ("NaN",)), "array.values is 'NaN'"),
        (lambda: Array("float32", (1,), (float("inf"),)), "array.values is inf"),
        (lambda: Array.of(np.ones(2, complex)), "complex128 cannot be stored"),
        (lambda: Backend("b", "", "", "f32", {}, {}), "dtypes is 'f32'"),  # type: ignore[arg-type]
        (lambda: spoilt(), "backend.environment.threads is 4"),
        (lambda: End("", 0, {"pass": 3}), "the end counts 3 of outcome 'pass', and there are 0"),
        (lambda: RUN, "only the first"),
        *(
            (lambda shard=shard: replace(RUN, shard=shard), "run.shard is")
            for shard in ((0, 3), (4, 3), (1,), (1, 2, 3), (1.0, 2), "12", 1)
        ),
    ],
)
def test_a_bad_record_is_refused_and_leaves_the_file_as_it_was(
    bad: Callable[[], Record], said: str, tmp_path: Path
) -> None:
    with Writer(tmp_path / "r") as writer:
        for record in (RUN, CLAUSES[0], backend()):
            writer.write(record)
        before = (tmp_path / "r").read_bytes()
        with pytest.raises(ResultsError, match=said):
            writer.write(bad())
        writer.write(outcome())
    assert (tmp_path / "r").read_bytes() == before + as_line(outcome())


def test_half_a_surrogate_pair_is_written_as_its_escape(tmp_path: Path) -> None:
    hostile = outcome("error", reason="caf\udce9 \ud83d\ude00 😀")
    path = written(tmp_path / "r", [RUN, CLAUSES[0], backend(), hostile])
    assert read(path).outcomes[0].reason == "caf\\udce9 \\ud83d\\ude00 😀"


@pytest.mark.parametrize("bits", [16, 32, 64])
@given(st.data())
def test_every_float_survives_storing(bits: int, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=20))
    array = np.array(drawn, f"uint{bits}").view(f"float{bits}")
    assert same(back(Array.of(array), array.dtype), array)


def test_every_bfloat16_survives_storing() -> None:
    bfloat16 = np.dtype(pytest.importorskip("ml_dtypes").bfloat16)
    for start in range(0, 2**16, 600):
        array = np.arange(start, min(start + 600, 2**16), dtype=np.uint16).view(bfloat16)
        assert same(back(Array.of(array), bfloat16), array)
    assert Array.of(array).dtype == "bfloat16"


def back(array: Array, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    stored = json.loads(json.dumps(array.values, allow_nan=False))
    return np.array([float(value) for value in stored]).astype(dtype)


def same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Equal with the sign of zero; a nan is any nan."""
    with np.errstate(invalid="ignore"):
        one, other = one.astype(np.float64), other.astype(np.float64)
    numbers = ~np.isnan(other)
    signs = np.array_equal(np.signbit(one)[numbers], np.signbit(other)[numbers])
    return signs and np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (np.array([2**63 - 1, -5]), Array("int64", (2,), (2**63 - 1, -5))),
        (np.array([[True], [False]]), Array("bool", (2, 1), (1, 0))),
        (np.array(2.5), Array("float64", (), (2.5,))),
        (np.empty((0, 3)), Array("float64", (0, 3), ())),
        (np.array([1.0, 2.0], ">f4"), Array("float32", (2,), (1.0, 2.0))),
        (np.arange(6.0).reshape(2, 3).T, Array("float64", (3, 2), (0.0, 3.0, 1.0, 4.0, 2.0, 5.0))),
        (np.zeros(600), Array("float64", (600,), (0.0,) * 600)),
        (np.zeros(601), Array("float64", (601,), None)),
    ],
)
def test_arrays_are_stored_flat_in_c_order(array: np.ndarray[Any, Any], stored: Array) -> None:
    assert Array.of(array) == stored


def test_numpy_scalars_and_tuples_become_plain() -> None:
    case = Case({"stride": (1, np.int64(2)), "value": np.float32(0.5), "pad": float("-inf")}, {})
    assert case.parameters == {"stride": [1, 2], "value": 0.5, "pad": "-inf"}
    assert outcome(worst=np.float32(0.25)).worst == 0.25  # type: ignore[arg-type]


def test_the_header_can_leave_out_what_a_whole_run_has_not() -> None:
    run = Run(FORMAT, "0.1.0", "", "quick", None, {})
    assert (run.shard, run.id) == (None, "")
    assert replace(run, shard=[np.int64(2), 3]).shard == (2, 3)  # type: ignore[arg-type]
