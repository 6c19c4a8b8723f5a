"""The lines that make a call where convspec is not installed: for the script that shows a failure.

An adapter that gives none is taken from its own file, which needs stand-ins for what it imports
from here.
"""

import ast
from pathlib import Path

from adapters.contract import Adapter, Padding, Sizes, Unavailable
from adapters.registry import located
from adapters.specs import is_file, parse

OURS = ("reference", "adapters", "conformance", "reports")
_OFFERED = ("adapters", "adapters.contract")
_LONGEST = 20_000

_FROM_ITS_FILE = """\
import importlib
import sys
import types

sys.path.insert(0, {folder})
try:
    import adapters.contract
except ImportError:  # stand-ins for what an adapter takes from convspec
    contract = types.ModuleType("adapters")
    usual = {{"dtypes": ("float64", "float32"), "spatial_axes": (1, 2, 3)}}
    usual |= {{"named_padding": (), "promises": {{}}}}

    def claims(*first, **named):
        return types.SimpleNamespace(**usual | dict(zip(usual, first)) | named)

    class Adapter:
        capabilities = claims()

        def decline_unclaimed(self, padding, operation=""):
            pass

    contract.Adapter, contract.Capabilities = Adapter, claims
    contract.Array = contract.Padding = contract.Sizes = object
    for name in ("Unsupported", "Unavailable"):
        setattr(contract, name, type(name, (Exception,), {{}}))
    sys.modules["adapters"] = sys.modules["adapters.contract"] = contract
{warning}
adapter = importlib.import_module({module}).{name}({options})
got = adapter.cross_correlate(
    x,
    filters,
    {bias},
    stride={stride},
    padding={padding},
    dilation={dilation},
    groups={groups},
)
"""


def script_of(
    adapter: Adapter,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    bias: bool,
    dtype: str,
) -> str | None:
    """The adapter's own script for such a call, or one that takes the adapter from its file; None
    where there is neither.
    """
    lines = adapter.script(
        stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias, dtype=dtype
    )
    if lines is not None and _is_of_its_call(type(adapter)):
        return lines if isinstance(lines, str) and len(lines) <= _LONGEST else None
    spec = parse(adapter.spec)
    try:
        module, class_name = located(spec.target)
    except Unavailable:
        return None
    file = getattr(module, "__file__", None)
    if file is None or not class_name.isidentifier() or _is_ours(module.__name__):
        return None
    module_name = Path(file).stem if is_file(spec.target) else module.__name__
    return _FROM_ITS_FILE.format(
        folder=ascii(str(_root(Path(file), module_name))),
        module=ascii(module_name),
        name=class_name,
        options=", ".join(map(ascii, spec.options)),
        warning=_warning(Path(file)),
        bias="bias" if bias else "None",
        stride=stride,
        padding=ascii(padding),
        dilation=dilation,
        groups=groups,
    )


def _is_of_its_call(adapter: type[Adapter]) -> bool:
    """Whether no class has changed the call since the lines for it were written."""
    definers = [
        next(i for i, base in enumerate(adapter.__mro__) if method in vars(base))
        for method in ("script", "cross_correlate")
    ]
    return definers[0] <= definers[1]


def _is_ours(module_name: str) -> bool:
    return module_name.partition(".")[0] in OURS


def _root(file: Path, module_name: str) -> Path:
    """The folder that the module is imported from."""
    depth = module_name.count(".") + (file.name == "__init__.py")
    return file.resolve().parents[depth]


def _warning(file: Path) -> str:
    """A comment, if the adapter imports more of convspec than the stand-ins offer."""
    missing = sorted(set(filter(_is_ours, _imported(file))) - set(_OFFERED))
    return f"# The adapter imports {', '.join(missing)}: it needs convspec.\n" if missing else ""


def _imported(file: Path) -> list[str]:
    try:
        nodes = list(ast.walk(ast.parse(file.read_bytes())))
    except (OSError, ValueError, SyntaxError):  # not a file of Python
        return []
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    from_ = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return [*plain, *filter(None, from_)]
