"""Released backends that are known to break a clause: where, why, and the case that shows it.

The entries are data, in files of ``findings/`` and in those of the same form that a user may add.
"""

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from adapters import Unsupported
from adapters.dtypes import numpy_dtype
from conformance.calls import Call
from conformance.finding_scripts import Script
from conformance.judge import Evidence, Reading, error_ratios
from conformance.mistakes import MISTAKES
from conformance.mistakes.learning import WRONG, Wrong
from conformance.mistakes.learning.narrow import narrowed
from conformance.request_witnesses import (
    Answers,
    RequestWitness,
    close,
    nearly_same,
    predicted,
    right_answers,
    same_answers,
)
from conformance.requests import Request
from conformance.subject import BackendFailure, Subject
from conformance.witnesses import Witness
from reference.geometry import Array

FOLDER = Path(__file__).with_name("findings")


class KnownIssueError(ValueError):
    """A file of known issues that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class KnownIssue:
    """``backends``: the names concerned, as patterns (``torch-cpu+*`` is every mode of it);
    ``versions``: those concerned, as PEP 440 has it; ``device``: part of the device's name
    (where the adapter tells it), "" for any; ``dtypes``: those concerned, none for all;
    ``sometimes``: those in which it shows on some processors only; ``mistake``: what explains it;
    ``dies``: instead of an answer, the process ends; ``unpredictable``: anything may come, or the
    process end, where the mistake gives NaN, now and then; ``case``: the arguments that show it,
    ``items`` and ``channels``, how many of them there are, if not all, and ``unlike``, parameters
    which should change the answer, and do not.
    """

    clauses: tuple[str, ...]
    backends: tuple[str, ...]
    versions: str
    mistake: str
    reason: str
    case: dict[str, Any] = field(default_factory=dict)
    link: str = ""
    script: str = ""
    device: str = ""
    dtypes: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()
    dies: bool = False
    unpredictable: bool = False

    def concerns(self, clause: str, subject: Subject) -> bool:
        adapter = subject.adapter
        device = adapter.environment().get("device", "").lower()
        name = adapter.name.partition("@")[0]  # without the version of another interpreter
        return (
            clause in self.clauses
            and any(fnmatchcase(name, pattern) for pattern in self.backends)
            and (not self.dtypes or subject.dtype in self.dtypes)
            and (not device or self.device.lower() in device)
            and _is_among(str(adapter.version), self.versions)
        )

    def covers(self, evidence: Evidence, promise: str = "A") -> bool:
        """Whether a failure is this one."""
        if self.unpredictable:
            return self._may_do_anything(evidence)
        if evidence.died != self.dies:
            return False
        if isinstance(evidence.asked, Request):
            return self._covers_part(evidence, evidence.asked, promise)
        if self.mistake not in MISTAKES:
            return False
        if evidence.got is None:  # the mistake may lead to an error
            return MISTAKES[self.mistake].answer(evidence.call) is None
        witness = Witness.of(evidence.call, evidence.got.astype("float64"), promise)
        return witness.wrong and witness.fits(MISTAKES[self.mistake])

    def _may_do_anything(self, evidence: Evidence) -> bool:
        """By the very arrays that were asked for, for it may hang on how they lie in memory."""
        asked = evidence.asked
        found: Answers = {}
        if isinstance(asked, Call) and self.mistake in MISTAKES:
            result = MISTAKES[self.mistake].answer(asked)
            found = {} if result is None else {"": result}
        elif isinstance(asked, Request) and self.mistake in WRONG:
            wrong = WRONG[self.mistake]
            if wrong.operation == asked.operation:
                found = wrong.answer(asked.arrays, asked.parameters) or {}
        parts = {name for name, array in found.items() if np.isnan(array).any()}
        return bool(parts) if evidence.died else evidence.part in parts

    def _covers_part(self, evidence: Evidence, request: Request, promise: str) -> bool:
        mistake = WRONG.get(self.mistake)
        if mistake is None or mistake.operation != request.operation:
            return False
        if evidence.unlike is not None:
            return same_answers(predicted(mistake, request), predicted(mistake, evidence.unlike))
        request = _as_computed(request, mistake)
        found = predicted(mistake, request)
        if evidence.got is None:  # the mistake may lead to an error
            return found is None
        right = right_answers(request, promise)
        if right is None:
            return nearly_same({evidence.part: evidence.got}, found, request)
        reading = right.get(evidence.part)
        if found is None or reading is None or evidence.part not in found:
            return False
        return close(evidence.got, found[evidence.part], reading, request)

    def shows(self, subject: Subject) -> bool:
        """Whether the stored case still fails, in the way that is known."""
        asked, bench = self.asked(subject.dtype), Subject(subject.adapter, subject.dtype)
        try:
            if isinstance(asked, Call):
                got = bench.result(asked)
                return self.covers(Evidence(asked, got=got), subject.promise)
            answers = bench.perform(asked)
            if "unlike" in self.case:
                other = asked.but(parameters={**asked.parameters, **self.case["unlike"]})
                same = same_answers(answers, bench.perform(other))
                return same and self.covers(Evidence(asked, unlike=other), subject.promise)
        except BackendFailure as failure:
            return self.covers(failure.evidence, subject.promise)
        except Unsupported:
            return False
        mistake = WRONG[self.mistake]
        computed = _as_computed(asked, mistake)
        found = predicted(mistake, computed)
        witness = RequestWitness(computed, answers, right_answers(computed, subject.promise))
        right = right_answers(asked, subject.promise)
        fits = witness.fits(found)
        return fits and not _holds(answers, right) and not _holds(found or {}, right)

    def asked(self, dtype: str) -> Call | Request:
        """The stored case in a dtype; what it leaves out is plain."""
        return self._request(dtype) if "operation" in self.case else self._call(dtype)

    def _request(self, dtype: str) -> Request:
        """Its arrays of floats are of the dtype, those of ints stay so."""
        given = self.case["arrays"]
        arrays = {name: self._array(name, values) for name, values in given.items()}
        return Request(
            self.case["operation"],
            {
                name: array.astype(numpy_dtype(dtype)) if array.dtype.kind == "f" else array
                for name, array in arrays.items()
            },
            _tuples(self.case.get("parameters", {})),
            data="known",
        )

    def _call(self, dtype: str) -> Call:
        arrays = {
            name: self._array(name, self.case[name]).astype(numpy_dtype(dtype))
            for name in ("x", "filters", "bias")
            if name in self.case
        }
        axes = arrays["x"].ndim - 2
        call = Call(
            arrays["x"],
            arrays["filters"],
            arrays.get("bias"),
            stride=tuple(self.case.get("stride", (1,) * axes)),
            padding=tuple(map(tuple, self.case.get("padding", [(0, 0)] * axes))),
            dilation=tuple(self.case.get("dilation", (1,) * axes)),
            groups=self.case.get("groups", 1),
        )
        named = self.case.get("named_padding")
        return call if named is None else call.renamed(named)

    def _array(self, name: str, values: Any) -> Array:
        array = np.array(values)
        if "items" in self.case and name in ("x", "gradient"):
            array = array[: self.case["items"]]
        if "channels" in self.case and name in ("x", "filters"):
            array = array[:, : self.case["channels"]]
        return array

    def __str__(self) -> str:
        shown = f"shown by {self.script}" if self.script else ""
        more = "; ".join(filter(None, (self.link, shown)))
        return f"{self.reason} ({more})" if more else self.reason


@dataclass(frozen=True)
class Finding:
    """What was found in a released framework.

    ``name``: that of its files; ``script``: the one that shows it, whose head is ``title`` and
    ``explanation``; ``affected`` and ``spared``: versions in which it shows it, and does not;
    ``on_record``: where it was reported, "" if nowhere that we know; ``issues``: how clauses fail.
    """

    name: str
    script: Script
    title: str
    explanation: str
    framework: str
    affected: tuple[str, ...]
    spared: tuple[str, ...]
    on_record: str
    issues: tuple[KnownIssue, ...]


@functools.cache
def findings() -> tuple[Finding, ...]:
    """All that this project has, by name."""
    return tuple(map(_finding, sorted(FOLDER.glob("*.toml"))))


def own_issues() -> list[KnownIssue]:
    """The known issues of this project."""
    return [issue for finding in findings() for issue in finding.issues]


def _finding(path: Path) -> Finding:
    content = _content(path)
    script = Script.beside(path)
    title, _, explanation = script.head.partition("\n\n")
    reason = " ".join(title.split()).rstrip(".")
    link = content.pop("on_record", "")
    said = {"reason": reason, "link": link, "script": f"conformance/findings/{script.file.name}"}
    issues = _issues(path, [said | entry for entry in content.pop("issue", [])])
    affected, spared = (tuple(content.pop(name, ())) for name in ("affected", "spared"))
    return Finding(
        name=path.stem,
        script=script,
        title=reason,
        explanation=explanation,
        affected=affected,
        spared=spared,
        on_record=link,
        issues=tuple(issues),
        **content,
    )


def load(path: Path) -> list[KnownIssue]:
    """The entries of a user's file. Raises KnownIssueError for one that cannot be used."""
    content = _content(path)
    if set(content) - {"issue"} or not isinstance(content.get("issue", []), list):
        raise KnownIssueError(f"{path}: it must hold [[issue]] entries, and nothing else")
    return _issues(path, content.get("issue", []))


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KnownIssueError(f"{path}: {error}") from error


def _issues(path: Path, entries: Sequence[dict[str, Any]]) -> list[KnownIssue]:
    issues = []
    for number, entry in enumerate(entries, start=1):
        try:
            issues.append(_checked(entry))
        except (KnownIssueError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise KnownIssueError(f"{path}, issue {number}: {error}") from error
    return issues


def concerning(issues: Sequence[KnownIssue], clause: str, subject: Subject) -> list[KnownIssue]:
    """Those that concern a clause on a backend of this version."""
    return [issue for issue in issues if issue.concerns(clause, subject)]


def _checked(entry: dict[str, Any]) -> KnownIssue:
    known = {entry.name: entry for entry in fields(KnownIssue)}
    if unknown := set(entry) - set(known):
        raise KnownIssueError(f"unknown fields: {', '.join(sorted(unknown))}")
    needed = {name for name, own in known.items() if own.default is own.default_factory is MISSING}
    if missing := needed - set(entry):
        raise KnownIssueError(f"missing fields: {', '.join(sorted(missing))}")
    for name in ("clauses", "backends", "dtypes", "sometimes"):
        entry[name] = tuple(entry.get(name, ()))
    issue = KnownIssue(**entry)
    if not issue.link and not issue.reason:
        raise KnownIssueError("it needs a reason, and better a link as well")
    if issue.mistake not in {*MISTAKES, *WRONG}:
        raise KnownIssueError(f"there is no mistake called {issue.mistake!r} in the catalogue")
    try:
        SpecifierSet(issue.versions)
    except InvalidSpecifier as error:
        raise KnownIssueError(f"versions: {error}") from error
    if bool(issue.case) == issue.unpredictable:
        raise KnownIssueError("it needs a case that shows it, unless it is unpredictable")
    if issue.case:
        issue.asked("float32")
    return issue


def _as_computed(request: Request, mistake: Wrong) -> Request:
    """The request in the format that the mistake computes in."""
    if not mistake.format:
        return request
    return request.but(arrays=narrowed(request.arrays, mistake.format))


def _holds(answers: Answers, right: dict[str, Reading] | None) -> bool:
    """Whether answers are within the bounds of what is right."""
    if right is None:
        return False
    for name, reading in right.items():
        if name not in answers or answers[name].shape != reading.value.shape:
            return False
        with np.errstate(invalid="ignore", over="ignore"):
            difference = answers[name].astype("float64") - reading.value - reading.low
        same = np.array_equal(np.isnan(answers[name]), np.isnan(reading.value))
        if not same or (error_ratios(np.nan_to_num(difference), reading.bound) > 1).any():
            return False
    return True


def _tuples(value: Any) -> Any:
    """TOML has lists only; parameters are tuples."""
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _is_among(version: str, versions: str) -> bool:
    try:
        return SpecifierSet(versions).contains(version, prereleases=True)
    except InvalidVersion:
        return not versions
