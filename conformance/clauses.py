"""Clauses: what must hold, each a sentence with a stable id, checked by one test.

A test is a function of the subject (a backend in one dtype), and of Hypothesis's ``data`` if it
draws examples::

    @clause("CORR-6", "A filter of a single one, at its centre, is the identity.", source="...")
    def test_delta_is_the_identity(subject, data):
        call = data.draw(integer_calls(subject, ...))
        ...

or of the subject and one of the ``cases`` that the clause names.
"""

import contextlib
import importlib
import inspect
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from adapters import Unsupported
from conformance.judge import Disagreement
from conformance.known_issues import KnownIssue, concerning, own_issues
from conformance.subject import BackendFailure, NotTried, Subject


@dataclass(frozen=True)
class Chapter:
    """``module`` holds the tests of its clauses. ``slow``: single checks may take a minute."""

    title: str
    module: str
    slow: bool = False

    @property
    def marker(self) -> str:
        """What ``pytest -m`` calls it."""
        return self.module.rpartition("test_")[2]


CHAPTERS = {
    "GEOM": Chapter("Geometry", "conformance.test_geometry"),
    "CORR": Chapter("Cross-correlation", "conformance.test_correlation"),
    "CHAN": Chapter("Channels", "conformance.test_channels"),
    "BIAS": Chapter("Bias", "conformance.test_bias"),
    "TYPE": Chapter("Dtypes and rounding", "conformance.test_dtypes"),
    "SPEC": Chapter("Special values", "conformance.test_special"),
    "MEM": Chapter("Memory", "conformance.test_memory"),
    "PROBE": Chapter("Probes", "conformance.test_probes"),
    "GRADE": Chapter("Grades", "conformance.test_grades", slow=True),
    "GRAD": Chapter("Gradients", "conformance.test_gradients"),
    "LAYER": Chapter("Layers", "conformance.test_layers"),
    "LOSS": Chapter("Loss and optimizers", "conformance.test_losses"),
    "TRAIN": Chapter("Training on MNIST", "conformance.test_training", slow=True),
    "LESSON": Chapter("The lesson on real data", "conformance.test_lesson"),
}


_PATIENCE = 3  # declined examples for each one that is to run


class Known(Exception):  # noqa: N818 (an outcome)
    """A backend breaks a clause as it is known to."""


class StaleIssueError(AssertionError):
    """A known issue does not show any more: its entry has to go."""


class NotRepeatableError(Exception):
    """The same examples gave other results. ``failure``: the last one met, if there was any."""

    def __init__(self, failure: Disagreement | BackendFailure | None) -> None:
        super().__init__(f"not repeatable: the same examples gave other results ({failure})")
        self.failure = failure


def failure_of(error: BaseException | None) -> Disagreement | BackendFailure | None:
    """The failure, with its case, that a check ended by, if it ended by one."""
    if isinstance(error, NotRepeatableError):
        return error.failure
    return error if isinstance(error, Disagreement | BackendFailure) else None


@dataclass
class _Met:
    """What came of the examples of a check: ``failures`` that are none of the ``issues``, and those
    issues that others were.
    """

    issues: list[KnownIssue]
    covered: list[KnownIssue] = field(default_factory=list)
    failures: list[Disagreement | BackendFailure] = field(default_factory=list)


@dataclass(frozen=True)
class Clause:
    """``every_dtype``: it is also checked for dtypes that a backend does not claim. ``cases``: what
    it is checked for, in turn, where no examples are drawn; None: it is checked once.
    """

    id: str
    sentence: str
    source: str
    check: Callable[..., None]
    every_dtype: bool = False
    cases: Callable[[Subject], Iterable[Any]] | None = None

    @property
    def chapter(self) -> Chapter:
        return CHAPTERS[self.id.partition("-")[0]]

    @property
    def order(self) -> tuple[int, int]:
        """Its place in the specification."""
        prefix, _, number = self.id.partition("-")
        return list(CHAPTERS).index(prefix), int(number)

    @property
    def draws(self) -> bool:
        return "data" in inspect.signature(self.check).parameters

    def hold(
        self,
        subject: Subject,
        settings: hypothesis.settings,
        seed: int,
        known: Sequence[KnownIssue] | None = None,
    ) -> None:
        """Check the clause; raises Disagreement or BackendError for the smallest case that breaks
        it, NotRepeatableError if that one does not break it again, Unsupported if the backend
        declined every example, and Known if it fails in the ways that are listed (``known``, or the
        project's own), and in no other.
        """
        # The same for every backend, so that all of them are asked the same.
        subject.effort = settings.max_examples
        subject.seed = random.Random(f"{seed} {self.id} {subject.dtype}").getrandbits(64)
        issues = concerning(own_issues() if known is None else known, self.id, subject)
        shown = [issue for issue in issues if not issue.unpredictable and issue.shows(subject)]
        unsure = [issue for issue in issues if issue.unpredictable]
        met = _Met([*shown, *unsure])
        try:
            self._examples(subject, settings, met)()
        except hypothesis.errors.Flaky as error:
            raise NotRepeatableError(met.failures[-1] if met.failures else None) from error
        except (hypothesis.errors.Unsatisfiable, Unsupported):
            pass
        if not subject.examples:
            raise Unsupported(subject.declined.most_common(1)[0][0])
        for issue in issues:
            if issue not in met.issues and subject.dtype not in issue.sometimes:
                raise StaleIssueError(f"listed as a known issue, but it no longer shows: {issue}")
        if showed := [*shown, *(issue for issue in unsure if issue in met.covered)]:
            raise Known("; ".join(map(str, showed)))

    def _examples(
        self, subject: Subject, settings: hypothesis.settings, met: _Met
    ) -> Callable[[], None]:
        if self.cases is not None:
            return lambda: self._each(subject, met)
        if not self.draws:
            return lambda: self._example(subject, met)

        def example(data: st.DataObject) -> None:
            subject.drawn += 1
            try:
                self._example(subject, met, data)
            except Unsupported:
                if subject.declined.total() < _PATIENCE * settings.max_examples:
                    hypothesis.reject()  # another one is drawn in its place
            except NotTried:
                hypothesis.reject()

        # The name is part of the key under which Hypothesis stores failing examples.
        example.__name__ = example.__qualname__ = self.check.__name__
        # In this order: a seed alone would switch off the database that the settings name.
        return settings(hypothesis.seed(subject.seed)(hypothesis.given(data=st.data())(example)))

    def _each(self, subject: Subject, met: _Met) -> None:
        assert self.cases is not None
        for case in self.cases(subject):
            subject.drawn += 1
            with contextlib.suppress(Unsupported, NotTried):
                self._example(subject, met, case)

    def _example(self, subject: Subject, met: _Met, *given: Any) -> None:
        try:
            self.check(subject, *given)
        except Unsupported as why:
            subject.declined[str(why)] += 1
            raise
        except (Disagreement, BackendFailure) as failure:
            subject.examples += 1
            found = [i for i in met.issues if i.covers(failure.evidence, subject.promise)]
            met.covered.extend(found)
            if not found:
                met.failures.append(failure)
                raise
        else:
            subject.examples += 1


_CLAUSES: dict[str, Clause] = {}


def clauses() -> dict[str, Clause]:
    """Every clause of the specification by its id, in order."""
    for chapter in CHAPTERS.values():
        importlib.import_module(chapter.module)
    return dict(sorted(_CLAUSES.items(), key=lambda item: item[1].order))


def clause(
    id: str,  # noqa: A002
    sentence: str,
    *,
    source: str,
    every_dtype: bool = False,
    cases: Callable[[Subject], Iterable[Any]] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare that the decorated function checks a clause, and make it a pytest test."""

    def declare(check: Callable[..., None]) -> Callable[..., None]:
        declared = Clause(id, sentence, source, check, every_dtype, cases)
        _CLAUSES[id] = declared

        def test(subject: Subject, plan: Any) -> None:
            try:
                declared.hold(subject, plan.settings(subject), plan.seed, plan.known_issues)
            except Unsupported as why:
                pytest.skip(str(why))
            except Known as why:
                pytest.xfail(str(why))

        test.__name__, test.__qualname__ = check.__name__, check.__qualname__
        test.__module__, test.__doc__ = check.__module__, sentence
        test.clause = declared  # type: ignore[attr-defined]
        return test

    return declare
