"""What is right, for every operation, and how far off a backend may be: each from the reference
and from the analysis of rounding errors, none tuned.
"""

from conformance.answers.registry import ANSWERS, answer, answers

__all__ = ["ANSWERS", "answer", "answers"]
