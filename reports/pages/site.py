"""A report as files: a folder of pages, or one page with all of them; equal for equal results.

Nothing is fetched from anywhere: a page of the folder uses its style sheet and scripts from the
same folder, the single page holds its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from reports.pages import (
    backend,
    catches,
    clause,
    demo,
    failure,
    index,
    inputs,
    lesson,
    meanings,
    training,
)
from reports.pages.rendering import environment
from reports.pages.report import Report, View
from reports.results import Results
from reports.sharpness import Sharpness, SharpnessError, read

STYLE, SCRIPT = "style.css", "report.js"
# What the head of every page links to, in the order of reading.
PAGES = (
    ("index", "Summary"),
    ("lesson", "The lesson"),
    ("training", "Training"),
    ("inputs", "Inputs"),
    ("catches", "What the suite catches"),
    ("demo", "Demo"),
    ("meanings", "Meanings"),
)


def views(report: Report) -> Iterator[View]:
    """Every page, in the order of reading."""
    order = index, lesson, training, inputs, catches, demo, backend, clause, failure, meanings
    for of_kind in order:
        yield from of_kind.views(report)


def site(results: Results, sharpness: Sharpness | None = None) -> dict[str, bytes]:
    """The files of a site, by their names."""
    report = Report(results, sharpness)
    content = {STYLE: _style()}
    for view in views(report):
        scripts = (SCRIPT, *view.scripts)
        content |= {name: _static(name) for name in scripts}
        page = _shell(report, [view], scripts, single=False)
        content[f"{report.addresses[view.thing]}.html"] = page
    return {name: text.encode("utf-8") for name, text in content.items()}


def render(results: Results, sharpness: Sharpness | None = None) -> str:
    """The whole report as one page."""
    report = Report(results, sharpness)
    every = list(views(report))
    scripts = dict.fromkeys([SCRIPT, *(name for view in every for name in view.scripts)])
    return _shell(report, every, tuple(scripts), single=True)


def write_site(results: Results, folder: str | Path) -> None:
    """Write the site of the results into a folder, which is made if it is missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in site(results, _published()).items():
        (folder / name).write_bytes(content)


def write_page(results: Results, path: str | Path) -> None:
    """Write the single page of the results; folders that are missing are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(results, _published()).encode("utf-8"))


def _shell(report: Report, shown: list[View], scripts: tuple[str, ...], *, single: bool) -> str:
    def to(*thing: str, at: str = "") -> str:
        """Where the page of a thing is, or the place on it that `place` made."""
        name = report.addresses[thing]
        place = f"{name}.{at}" if at else name
        if single:
            return f"#{place}"
        return f"{name}.html#{place}" if at else f"{name}.html"

    def body(view: View) -> Markup:
        name = report.addresses[view.thing]
        template = environment().get_template(view.template)
        context = {"report": report, "results": report.results, "to": to, "name": name}
        context["single"] = single  # what a site repeats, a single page says once
        # The template has escaped it.
        return Markup(template.render(context | {"title": view.title} | dict(view.context)))

    code = [_static(name) for name in scripts]
    return (
        environment()
        .get_template("shell.html")
        .render(
            results=report.results,
            to=to,
            pages=PAGES,
            views=[(report.addresses[view.thing], view, body(view)) for view in shown],
            style=Markup(_style()) if single else None,
            code=[Markup(text) for text in code] if single else None,
            scripts=scripts,
            policy=" ".join(map(_hash, code)) if single else "'self' file:",
        )
    )


def _hash(code: str) -> str:
    digest = hashlib.sha256(code.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _style() -> str:
    """The style sheet: what all pages share, then what each kind has of its own."""
    sheets = sorted(entry.name for entry in (files("reports") / "static").iterdir())
    own = (name for name in sheets if name.endswith(".css") and name != STYLE)
    return "\n".join(map(_static, (STYLE, *own)))


@cache
def _static(name: str) -> str:
    return (files("reports") / "static" / name).read_text("utf-8")


def _published() -> Sharpness | None:
    try:
        return read()
    except SharpnessError:
        return None  # the results are worth a report without it
