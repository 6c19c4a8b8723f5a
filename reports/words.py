"""The words and symbols of a page."""

from __future__ import annotations

FAILURES = ("fail", "error", "crash", "timeout")
SYMBOLS = {
    "pass": "✓",
    "fail": "✗",
    "error": "!",
    "crash": "†",
    "timeout": "∞",
    "unsupported": "\N{EN DASH}",
    "known": "◆",
    "not run": "○",
}
MEANINGS = {
    "pass": "the clause held on every example that ran.",
    "fail": "the backend answered, and the answer breaks the clause.",
    "error": "the backend, or its adapter, raised what it should not.",
    "crash": "the process of the backend died.",
    "timeout": "the backend did not answer in time.",
    "unsupported": "the backend declares that it does not offer this. It is no pass.",
    "known": "a listed known issue, which showed itself again. It is no pass.",
    "not run": "it could not be run, for the reason given. It is no pass.",
}
GRADE_MEANINGS = {
    "A+": "integers are exact at full width, zeros stay zero, and the error grows like a random "
    "walk: at most \N{GREEK SMALL LETTER LAMDA}\N{SQUARE ROOT}n roundings for n terms.",
    "A": "within the error of any direct algorithm, element by element.",
    "B": "within a bound on norms only, as of a fast algorithm: FFT, Winograd.",
    "C(b)": "as A, after the inputs were rounded to b bits: 11 are TF32, 8 are products in "
    "bfloat16.",
    "F": "none of these: it is wrong.",
    "w, n": "behind a grade in half precision: the sums are kept wide, in float32, or narrow.",
}
_DTYPES = ("", "float64", "float32", "float16", "bfloat16")


def dtype_order(dtype: str) -> tuple[int, str]:
    return (_DTYPES.index(dtype) if dtype in _DTYPES else len(_DTYPES), dtype)


def plural(number: int, word: str, words: str = "") -> str:
    """The number and the word, as it is for that many.

    >>> plural(1, "case"), plural(1000, "case"), plural(2, "matrix", "matrices")
    ('1 case', '1,000 cases', '2 matrices')
    """
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def first_line(text: str) -> str:
    line = (text.strip().splitlines() or ["no reason was given"])[0]
    return line if len(line) <= 120 else line[:119] + "…"
