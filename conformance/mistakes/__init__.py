"""Known mistakes: each a sentence, and what a backend that makes it would answer."""

from conformance.mistakes import (
    bias,
    channels,
    clamped,
    impossible,
    negative_padding,
    numbers,
    padding,
    refused,
    sized,
    steps,
    sums,
    taps,
    unpredictable,
)
from conformance.mistakes.catalogue import MISTAKES, Mistake

__all__ = [
    "MISTAKES",
    "Mistake",
    "bias",
    "channels",
    "clamped",
    "impossible",
    "negative_padding",
    "numbers",
    "padding",
    "refused",
    "sized",
    "steps",
    "sums",
    "taps",
    "unpredictable",
]
