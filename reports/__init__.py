"""convspec: what a person sees of a run: the results file, and the page made from it."""

from reports.merging import merge
from reports.page import render, write_page
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
    Results,
    ResultsError,
    Run,
    Writer,
    count,
    read,
)

__all__ = [
    "FORMAT",
    "OUTCOMES",
    "Array",
    "Backend",
    "Case",
    "Clause",
    "End",
    "Outcome",
    "Part",
    "Results",
    "ResultsError",
    "Run",
    "Writer",
    "count",
    "merge",
    "read",
    "render",
    "write_page",
]
