"""A failure as a script of its own: NumPy and the backend's own API, and nothing of this package.

It is run in a clean process before anyone sees it, and says at its top what came of that.
"""

import re
import textwrap
from dataclasses import dataclass

import numpy as np

from adapters.process.isolation import interpreter
from adapters.scripts import script_of
from conformance.calls import Call
from conformance.clauses import Clause
from conformance.clean import Ended, run_clean
from conformance.judge import Disagreement, Evidence, allowance, expected
from conformance.literals import assignment, comment, harmless
from conformance.smallest import Failure, impossibility, is_finite
from conformance.subject import BackendCrash, BackendTimeout, Subject
from reference.geometry import Array

_LIMIT = 60.0  # seconds
_LARGEST = 200_000  # characters
_LONGEST_WORDS = 400
_FAILED = "FAILED: "
_PASSED = "no failure: "


@dataclass(frozen=True)
class Standalone:
    """``text``: the script, "" for none. ``shown``: whether it showed the failure again, None if
    it was not run. ``remark``: how that went, or why there is no script.
    """

    text: str
    shown: bool | None
    remark: str


def standalone(
    clause: Clause, subject: Subject, failure: Failure, limit: float = _LIMIT
) -> Standalone:
    """The script of a failure: it exits with 1 where the failure shows, and with 0 where not.

    What is right is what the reference says of this one call; a failure that takes several calls
    to show is not shown by it, and the script says so. ``limit``: seconds that it may run.
    """
    adapter, call = subject.adapter, failure.evidence.call
    lines = script_of(
        adapter,
        stride=call.stride,
        padding=call.padding if call.named_padding is None else call.named_padding,
        dilation=call.dilation,
        groups=call.groups,
        bias=call.bias is not None,
        dtype=call.x.dtype.name,
    )
    if lines is None:
        return Standalone("", None, f"the adapter of {harmless(adapter.name)} gives no script")
    program = "\n".join((*_imports(call), "", *_arrays(call), "", _question(lines, failure)))
    program += "\n" + _verdict(subject, failure) + "\n"
    if len(program) > _LARGEST:
        return Standalone("", None, f"its script would be of {len(program)} characters")
    try:
        compile(program, "script", "exec")
    except (SyntaxError, ValueError) as error:
        return Standalone(
            "", None, f"the lines of its adapter are no Python: {harmless(str(error))}"
        )
    shown, remark = _tried(program, interpreter(adapter.spec), failure, limit)
    about = (
        f"{clause.id}: {clause.sentence}",
        f"{adapter.name} {adapter.version}, {call.x.dtype.name}.",
        remark,
        "Exits with 1 where the failure shows, with 0 where it does not.",
    )
    heading = "\n".join(comment(line[:_LONGEST_WORDS]) for line in about)
    return Standalone(f"{heading}\n{program}", shown, remark)


def _imports(call: Call) -> list[str]:
    arrays = "\n".join(_arrays(call))
    modules = [name for name in ("base64", "ml_dtypes", "zlib") if f"{name}." in arrays]
    return [*(f"import {name}" for name in modules), "import numpy as np"]


def _arrays(call: Call) -> list[str]:
    arrays = {"x": call.x, "filters": call.filters, "bias": call.bias}
    return [assignment(name, array) for name, array in arrays.items() if array is not None]


def _question(lines: str, failure: Failure) -> str:
    """The call. If it is to be refused, an error is the right answer."""
    if not _is_to_be_refused(failure):
        return lines.strip("\n")
    return (
        f"try:\n{textwrap.indent(lines.strip(), '    ')}\n"
        "except ImportError:\n"
        "    raise\n"
        "except Exception as error:\n"
        f'    print("{_PASSED}refused,", type(error).__name__, error)\n'
        "else:\n"
        f'    raise SystemExit(f"{_FAILED}an impossible call gives an array {{got.shape}}")'
    )


def _verdict(subject: Subject, failure: Failure) -> str:
    """What tells whether the result is right."""
    if _is_to_be_refused(failure):
        return ""
    if not isinstance(failure, Disagreement):
        return _no_error(failure)
    right, bound = _right(subject, failure.evidence)
    parts = ["", *_dtype_check(failure.evidence), assignment("expected", right)]
    if not np.isfinite(right).all():
        wrong = "np.isfinite(got) | (np.isnan(expected) & ~np.isnan(got))"
        wrong = f"np.where(np.isfinite(expected), difference != 0, {wrong})"
    elif not bound.any():
        wrong = "difference != 0"
    else:
        same = bool((bound == bound.flat[0]).all())
        parts.append(assignment("bound", bound.reshape(-1)[:1] if same else bound))
        wrong = "~(abs(difference) <= bound)"
        if np.isinf(bound).any():
            wrong += " & (bound < np.inf)"
    parts.append(_COMPARISON.format(wrong=wrong, failed=_FAILED, passed=_PASSED))
    return "\n".join(parts)


_COMPARISON = """
print("expected:", expected, "got:", got, sep="\\n")
if got.shape != expected.shape:
    raise SystemExit(f"{failed}the shape is {{got.shape}}, not {{expected.shape}}")
got = got.astype("float64")
difference = got - expected
print("difference:", difference, sep="\\n")
wrong = {wrong}
if wrong.any():
    raise SystemExit(f"{failed}{{wrong.sum()}} of {{wrong.size}} values are wrong")
print("{passed}every value is right")"""


def _no_error(failure: Failure) -> str:
    """After a call that raised an error, or ended its process, when it was found."""
    check = ""
    if "the adapter returned" in str(failure):
        check = (
            'if not isinstance(got, np.ndarray) or got.dtype.kind in "cOSUMm":\n'
            '    raise TypeError(f"the adapter returned {type(got).__name__}")\n'
        )
    return f'{check}print("{_PASSED}the result has the shape", got.shape)'


def _dtype_check(evidence: Evidence) -> list[str]:
    got = evidence.got
    if evidence.expected is not None or got is None or got.dtype == evidence.call.x.dtype:
        return []
    name = evidence.call.x.dtype.name
    return [
        f'if got.dtype.name != "{name}":',
        f'    raise SystemExit(f"{_FAILED}the result has the dtype {{got.dtype}}")',
    ]


def _right(subject: Subject, evidence: Evidence) -> tuple[Array, Array]:
    """What the result must be, and how far off it may be. With NaN or infinity in the arguments
    the clause itself says what: where it expects an infinity, a NaN is right, too.
    """
    call = evidence.call
    if not is_finite(call) and evidence.expected is not None:
        return np.asarray(evidence.expected, "float64"), np.zeros(())
    reading = expected(call)
    bound = np.asarray(allowance(call, subject.promise) + np.abs(reading.low), "float64")
    return reading.value, bound


def _is_to_be_refused(failure: Failure) -> bool:
    """Whether it is the failure of a call that was answered, and should not have been."""
    return (
        isinstance(failure, Disagreement)
        and failure.evidence.expected is None
        and impossibility(failure.evidence.call) is not None
    )


def _tried(
    program: str, command: list[str], failure: Failure, limit: float
) -> tuple[bool | None, str]:
    """Whether the program shows the failure in a clean process, and that in words."""
    try:
        ended = run_clean(program, command, limit)
    except OSError as error:
        return None, f"This script was not run: its interpreter did not start: {error}."
    where = f"in a clean process ({ended.versions or 'which did not get far'})"
    if _shows(ended, failure):
        return True, f"This script was run {where}, and showed the failure."
    said = f"ended with {ended.last!r}" if ended.code is not None else f"took more than {limit:g} s"
    return False, f"This script was run {where}, and did NOT show the failure: it {said}."


def _shows(ended: Ended, failure: Failure) -> bool:
    """An exit code alone is not enough: an import that fails gives 1, too."""
    passed = any(line.startswith(_PASSED) for line in ended.printed)
    match failure:
        case BackendTimeout():
            return ended.code is None and bool(ended.versions)
        case BackendCrash():
            return ended.code not in (None, 1) and bool(ended.versions) and not passed
        case Disagreement():
            return ended.code == 1 and any(line.startswith(_FAILED) for line in ended.errors)
    name = re.match(r"the backend raised (\w+)", str(failure))
    if name is None:
        return False
    return ended.code == 1 and any(
        re.match(rf"([\w.]+\.)?{name[1]}(:|$)", line) for line in ended.errors
    )
