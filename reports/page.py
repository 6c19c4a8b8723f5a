"""The page by its former name."""

from reports.pages import render, write_page

__all__ = ["render", "write_page"]
