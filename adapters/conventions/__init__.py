"""Where frameworks differ by convention: a function here measures each cell of CONVENTIONS.md.

A module for each framework holds functions named after the conventions that it has; each asks the
framework by its own interface, and says in a few words what it does.
"""
