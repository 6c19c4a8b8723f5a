"""What a person sees: results as a site of pages, or as one file that holds them all."""

from reports.pages.site import render, site, write_page, write_site

__all__ = ["render", "site", "write_page", "write_site"]
