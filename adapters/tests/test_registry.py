"""The registry loads what is there, and says of everything else why it cannot be used."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

import adapters
from adapters import BUILT_IN, CONTRACT, PLAIN_RUN, Adapter, Unavailable, load

PACKAGES = {
    "reference": "numpy",
    "torch-cpu": "torch",
    "tensorflow": "tensorflow",
    "scipy-direct": "scipy",
    "scipy-fft": "scipy",
}

IMPORTS = """
from adapters import Adapter, Capabilities, Unavailable
from adapters.reference_adapter import Reference
"""

# What follows the imports; the class is called Acme.
BROKEN = {
    "no such class": ("", "no class 'Acme', but Reference"),
    "a function": ("def Acme(): return Reference()", "not a subclass of adapters.Adapter"),
    "an instance": ("Acme = Reference()", "not a subclass of adapters.Adapter"),
    "another class": ("class Acme: pass", "not a subclass of adapters.Adapter"),
    "raises on import": ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
    "does not compile": ("class Acme(:", "SyntaxError"),
    "raises what looks like a missing module": (
        "raise ModuleNotFoundError('no driver')",
        "no driver",
    ),
    "exits on import": ("raise SystemExit('no licence')", "SystemExit: no licence"),
    "unavailable on import": ("raise Unavailable('no driver')", "^no driver$"),
    "imports what is missing": (
        "import convspec_missing_package",
        "convspec_missing_package is not",
    ),
    "abstract": ("class Acme(Adapter): name = 'acme'", "TypeError: .*cross_correlate"),
}

# The body of a class Acme(Reference).
BROKEN_BODIES = {
    "raises": ("def __init__(self): raise OSError('no card')", "OSError: no card"),
    "exits": ("def __init__(self): raise SystemExit(3)", "SystemExit: 3"),
    "unavailable": ("def __init__(self): raise Unavailable('no card')", "^no card$"),
    "takes arguments": ("def __init__(self, card): pass", "TypeError: .* 'card'"),
    "no name": ("name = ''", "name of 1 to 80 printable characters, not ''"),
    "long name": ("name = 'a' * 81", "name of 1 to 80 printable characters, not 'a{80}'"),
    "unprintable name": (r"name = 'a\nb'", r"printable characters, not 'a\\nb'"),
    "lone surrogate": (r"name = '\ud800'", r"printable characters, not '\\ud800'"),
    "name of bytes": ("name = b'acme'", "printable characters, not "),
    "name of nothing": ("name = None", "printable characters, not 'None'"),
    "claims of a dict": ("capabilities = {'dtypes': ()}", "must be adapters.Capabilities, not {"),
    "claims of a class": ("capabilities = Capabilities", "must be adapters.Capabilities, not"),
    "dtype": ("capabilities = Capabilities(dtypes=('float8',))", "claims dtypes .*'float8'"),
    "dtype, bare": ("capabilities = Capabilities(dtypes='float32')", "claims dtypes "),
    "axes": ("capabilities = Capabilities(spatial_axes=(2, 4))", "claims spatial_axes .*4"),
    "padding": ("capabilities = Capabilities(named_padding=('full',))", "named_padding .*'full'"),
    "padding of transposes": (
        "capabilities = Capabilities(named_transposed_padding=('full',))",
        "named_transposed_padding .*'full'",
    ),
    "grade": ("capabilities = Capabilities(promises={'float32': 'D'})", "promises 'D'"),
    "dtypes of None": ("capabilities = Capabilities(dtypes=None)", "claims dtypes"),
    "axes of an int": ("capabilities = Capabilities(spatial_axes=2)", "spatial_axes"),
    "dtypes in lists": ("capabilities = Capabilities(dtypes=(['float32'],))", "list"),
    "promises of a list": ("capabilities = Capabilities(promises=['B'])", "list"),
    "promise of no dtype": ("capabilities = Capabilities(promises={'int': 'B'})", "promises"),
    "claims that raise": (
        "@property\n    def capabilities(self): raise RuntimeError('no card')",
        "RuntimeError: no card",
    ),
    "a name that raises": (
        "@property\n    def name(self): raise RuntimeError('no card')",
        "RuntimeError: no card",
    ),
    "no instance": ("def __new__(cls): return 1", "is not an adapters.Adapter, but int"),
}

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module into a current folder of its own; return its name."""
    monkeypatch.setattr(sys, "path", sys.path.copy())  # load() adds the current folder
    monkeypatch.chdir(tmp_path)
    name = f"acme_{uuid4().hex}"  # Python keeps modules by name, so each needs its own

    def writer(source: str) -> str:
        (tmp_path / f"{name}.py").write_text(IMPORTS + source, "utf-8")
        return name

    return writer


# What is there


@pytest.mark.parametrize("spec", PACKAGES)
def test_built_in_adapters_load(spec: str) -> None:
    pytest.importorskip(PACKAGES[spec])
    adapter = load(spec)
    assert isinstance(adapter, Adapter)
    assert (adapter.name, adapter.spec) == (spec, spec)
    assert adapter.version != "unknown"


def test_every_built_in_adapter_is_tested_here() -> None:
    assert {*PACKAGES, "torch-cuda"} == set(PLAIN_RUN)
    assert set(BUILT_IN) > set(PLAIN_RUN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_name_is_that_of_an_adapter(name: str) -> None:
    module_name, _, class_name = BUILT_IN[name].partition(":")
    module = importlib.util.find_spec(module_name)
    assert module is not None
    assert f"class {class_name}(" in Path(str(module.origin)).read_text("utf-8")


def test_no_cuda_device() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(Unavailable, match=r"^no CUDA device$"):
        load("torch-cuda")


def test_a_class_in_the_current_folder(write: Write) -> None:
    module = write("class Acme(Reference): name = 'acme'")
    adapter = load(f"{module}:Acme")
    assert (adapter.name, adapter.spec) == ("acme", f"{module}:Acme")


def test_folders_of_adapters_hide_no_framework() -> None:
    here = Path(adapters.__file__).parent
    listing = [sys.executable, "-m", "adapters", "list", "scipy-direct"]
    assert subprocess.run(listing, cwd=here, check=False).returncode == 0


def test_the_longest_name(write: Write) -> None:
    module = write("class Acme(Reference): name = 'é' * 80")
    assert load(f"{module}:Acme").name == "é" * 80


def test_everything_that_can_be_claimed(write: Write) -> None:
    module = write(
        """
class Acme(Reference):
    name = "acme"
    capabilities = Capabilities(
        dtypes=("float64", "float32", "float16", "bfloat16"),
        spatial_axes=(1, 2, 3),
        named_padding=("valid", "same_upper", "same_lower"),
        named_transposed_padding=("valid", "same_upper", "same_lower"),
        promises={"float64": "A", "float32": "B"},
    )
"""
    )
    assert load(f"{module}:Acme").capabilities.spatial_axes == (1, 2, 3)


def test_the_version_of_the_contract() -> None:
    assert CONTRACT == 2


# What is not


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", r"no backend is called '' \("),
        ("acme", r"no backend is called 'acme' \(python -m adapters list shows all"),
        ("torch", "'torch'; did you mean torch-cpu or torch-cuda"),
        ("Reference", r"'Reference'; did you mean reference\? "),
        ("scipy-ftt", r"did you mean scipy-fft or"),
        ("acme:", "'acme:' names no class: acme:Class"),
        ("./acme.py:", r"names no class: ./acme\.py:Class"),
        ("acme.py", r"no backend is called 'acme\.py'"),
        ("a:b:c", r"'a:b:c' is not NAME, module:Class or ./file\.py:Class"),
        ("reference@python", r"^python can run reference in a process of its own only$"),
    ],
)
def test_specs_that_name_nothing(spec: str, said: str) -> None:
    with pytest.raises(Unavailable, match=said):
        load(spec)


@pytest.mark.parametrize("spec", [":Acme", ".acme:Acme", "acme..acme:Acme", "a\0b:Acme"])
def test_names_that_no_module_can_have(spec: str) -> None:
    with pytest.raises(Unavailable):
        load(spec)


def test_no_such_module() -> None:
    with pytest.raises(
        Unavailable, match=r"^convspec_missing_module is not installed, and no module in /"
    ):
        load("convspec_missing_module:Acme")


@pytest.mark.parametrize(
    ("spec", "package", "extra"),
    [
        ("torch-cpu", "torch", "torch"),
        ("tensorflow", "tensorflow", "tensorflow"),
        ("tensorflow", "keras", "tensorflow"),
        ("keras", "tensorflow", "tensorflow"),
    ],
)
def test_a_package_that_is_not_installed(
    spec: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if package == "tensorflow":
        pytest.importorskip("keras")  # which imports it, too, and is asked for first
    monkeypatch.delitem(sys.modules, BUILT_IN[spec].partition(":")[0], raising=False)
    monkeypatch.setitem(sys.modules, package, None)  # Python's own way to forbid an import
    message = rf"^{package} is not installed: pip install 'convspec\[{extra}\]'$"
    with pytest.raises(Unavailable, match=message):
        load(spec)


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_modules(fault: str, write: Write) -> None:
    source, message = BROKEN[fault]
    with pytest.raises(Unavailable, match=message):
        load(f"{write(source)}:Acme")


@pytest.mark.parametrize("fault", BROKEN_BODIES)
def test_broken_classes(fault: str, write: Write) -> None:
    body, message = BROKEN_BODIES[fault]
    module = write(f"class Acme(Reference):\n    name = 'acme'\n    {body}\n")
    with pytest.raises(Unavailable, match=message):
        load(f"{module}:Acme")


def test_an_interrupt_is_no_broken_adapter(write: Write) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(f"{write('raise KeyboardInterrupt')}:Acme")
