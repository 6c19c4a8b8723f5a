"""The specification as a page to read: ``python -m conformance.specification`` writes it anew from
the clauses, into SPECIFICATION.md beside this file, or where ``--output`` says.
"""

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.clauses import CHAPTERS, Chapter, Clause, clauses
from conformance.formulas import formula_of

FILE = Path(__file__).with_name("SPECIFICATION.md")
HEAD = """\
# The specification

This page is made from the clauses of the suite: `python -m conformance.specification`. Each clause
is a sentence that must hold, a name that does not change, and a test; what computes the right
answer is a function of [`reference/`](../reference), which can be read.

An input **x** has the layout (N, C, \\*size): a batch of N items, C channels, one, two or three
spatial axes. Filters **w** are (K, C / groups, \\*kernel), the bias **b** is (K,), the result **y**
is (N, K, \\*out). **s** is the stride, **d** the dilation, **(low, high)** the padding before and
after; each has one value for each spatial axis. **⋆** is the cross-correlation of CORR-1, **g** the
gradient by the result, **u** the unit roundoff of the dtype, and a hat marks what a backend
computes. Places in formulas are multi-indices, one number for each spatial axis: **i** and **j** of
values, **t** of taps; **n** counts items, **c** channels, **k** filters.
"""


def page() -> str:
    """All of it, as Markdown."""
    found = list(clauses().values())
    lines = [HEAD]
    lines += [f"- [{chapter.title}](#{_anchor(chapter)})" for chapter in CHAPTERS.values()]
    for chapter in CHAPTERS.values():
        lines += ["", *_chapter(chapter, [c for c in found if c.chapter is chapter])]
    return "\n".join(lines) + "\n"


def _chapter(chapter: Chapter, of_it: Sequence[Clause]) -> Iterator[str]:
    module = importlib.import_module(chapter.module)
    file = Path(inspect.getfile(module)).name
    yield f"## {chapter.title}"
    yield ""
    about = " ".join((module.__doc__ or "").split()).partition(": ")[2]
    yield f"{about[:1].upper()}{about[1:]} Tests: [`{file}`]({file})."
    for clause in of_it:
        yield from ("", *_clause(clause))


def _clause(clause: Clause) -> Iterator[str]:
    formula = formula_of(clause.id)
    function = formula.reference.rpartition(".")[2]
    file = formula.reference.rpartition(".")[0].replace(".", "/") + ".py"
    yield f"### {clause.id}"
    yield ""
    yield clause.sentence
    if formula.symbols:
        yield from ("", "```text", *formula.symbols.split(";  "), "```")
    yield ""
    yield f"Source: {clause.source}. Reference: [`{function}`](../{file})."


def _anchor(chapter: Chapter) -> str:
    return chapter.title.lower().replace(" ", "-")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m conformance.specification",
        description="Write the specification, as Markdown, from the clauses of the suite.",
    )
    parser.add_argument("--output", type=Path, default=FILE, help="the file (default: %(default)s)")
    parser.parse_args(arguments).output.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
