"""A page that is no part of a report, and has its look: one file, without a script."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from markupsafe import Markup

from reports.pages.rendering import environment


def render(template: str, **context: Any) -> str:
    """The page of a template that extends `standalone.html`."""
    style = (files("reports") / "static" / "style.css").read_text("utf-8")
    return environment().get_template(template).render(style=Markup(style), **context)
