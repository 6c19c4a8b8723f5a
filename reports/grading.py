"""Grades: the fact that holds one, and their order."""

from __future__ import annotations

import re

GRADE = "grade"
_ORDER = ("A+", "A", "B", "C", "F")
_FORM = re.compile(r"(A\+|A|B|C|F)(?:\((\d{1,4})\))?([wn]?)")


def rank(grade: str) -> tuple[int, int, bool] | None:
    """What sorts grades from the best to the worst; None for what is no grade.

    >>> sorted(["F", "C(8)", "A+n", "B", "C(11)", "A", "A+w"], key=rank)
    ['A+w', 'A+n', 'A', 'B', 'C(11)', 'C(8)', 'F']
    """
    found = _FORM.fullmatch(grade)
    if found is None:
        return None
    return _ORDER.index(found[1]), -int(found[2] or 0), found[3] == "n"
