"""A backend in a process of its own, and how it is asked there."""
