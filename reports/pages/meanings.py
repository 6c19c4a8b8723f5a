"""What the words, symbols and grades mean."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View

_DTYPES = (
    ("float64", "53 bits of precision, some 16 digits."),
    ("float32", "24 bits, some 7 digits."),
    ("float16", "11 bits, some 3 digits, and nothing above 65504."),
    ("bfloat16", "8 bits, some 2 digits, and the range of float32."),
)
_WORDS = (
    (
        "Cross-correlation",
        "A filter slides over the input; at each stop the sum of the element-wise products of the "
        "two becomes one value. Deep learning calls it convolution; the convolution of mathematics "
        "turns the filter round first.",
    ),
    ("Filter", "A small array, of one tap for each place of its window and each input channel."),
    ("Window", "The part of the padded input that a filter lies on at one stop."),
    ("Feature map", "What one filter gives: a value for each stop."),
    ("Stride", "How far the filter moves from one stop to the next."),
    ("Padding", "Zeros around the input, before (low) and after (high) it on each axis."),
    ("Dilation", "How far apart the values lie that neighbouring taps meet."),
    ("Groups", "Parts of the channels, each of which is seen by its own part of the filters."),
    (
        "Shapes",
        "An input is (N, C, *size): batch, channels, and the sizes of its spatial axes; filters "
        "are (K, C / groups, *kernel), and a result is (N, K, *out).",
    ),
)


def views(report: Report) -> Iterator[View]:
    """The page."""
    context = {"dtypes": _DTYPES, "words": _WORDS}
    yield View(("meanings",), "What the words and symbols mean", "meanings.html", context)
