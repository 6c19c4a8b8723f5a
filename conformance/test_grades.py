"""Grades: how accurate the results are, in each regime in which backends change algorithms."""

import numpy as np

from adapters import Unsupported
from conformance.clauses import clause
from conformance.grades import Measured, measure, meets, order, summarize
from conformance.judge import Disagreement, Evidence
from conformance.plan import EXAMPLES
from conformance.probes import Regime, ladder
from conformance.subject import Subject
from reference.formats import FORMATS

HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, chapters 3 and 24"


@clause(
    "GRADE-1",
    "On one spatial axis, results are as accurate as promised in every regime of batch, channels "
    "and kernel.",
    source=HIGHAM,
)
def test_one_axis(subject: Subject) -> None:
    grade_on(subject, 1)


@clause(
    "GRADE-2",
    "On two spatial axes, results are as accurate as promised in every regime of batch, channels "
    "and kernel.",
    source=HIGHAM,
)
def test_two_axes(subject: Subject) -> None:
    grade_on(subject, 2)


@clause(
    "GRADE-3",
    "On three spatial axes, results are as accurate as promised in every regime of batch, channels "
    "and kernel.",
    source=HIGHAM,
)
def test_three_axes(subject: Subject) -> None:
    grade_on(subject, 3)


def grade_on(subject: Subject, axes: int) -> None:
    """Grade every regime; raise Disagreement for the worst of those below the promise."""
    if axes not in subject.capabilities.spatial_axes:
        raise Unsupported(f"the adapter does not claim {axes} spatial axes")
    rng = np.random.default_rng(subject.seed)
    measured: dict[Regime, Measured] = {}
    for regime in ladder(axes, coarse=subject.effort <= EXAMPLES["quick"]):
        try:
            measured[regime] = measure(subject, regime, rng)
        except Unsupported as why:
            subject.declined[str(why)] += 1
    if not measured:
        raise Unsupported(subject.declined.most_common(1)[0][0])
    subject.examples += len(measured) - 1  # the check itself counts as one
    grades = {regime: found.grade for regime, found in measured.items()}
    subject.facts |= summarize(grades)
    worst = max(grades, key=lambda regime: order(grades[regime]))
    if not meets(grades[worst], subject.promise):
        refuse(subject, worst, grades[worst], measured[worst])


def refuse(subject: Subject, regime: Regime, grade: str, measured: Measured) -> None:
    """Raise Disagreement, with the worst sample as evidence."""
    format_ = FORMATS[subject.dtype]
    shares = [sample.shares(sample.by_lemma(format_)) for sample in measured.samples]
    at = int(np.argmax([share.max() for share in shares]))
    sample, place = measured.samples[at], np.unravel_index(shares[at].argmax(), shares[at].shape)
    subject.worst = float(shares[at].max())
    message = f"grade {grade}, promised {subject.promise}: {regime}"
    pair = np.ix_(place[:1], place[1:2])
    raise Disagreement(
        message,
        Evidence(
            sample.asked,
            sample.high[pair],
            sample.got[pair],
            ((sample.got - sample.high) - sample.low)[pair],
            np.broadcast_to(sample.by_lemma(format_), sample.got.shape)[pair],
        ),
    )
