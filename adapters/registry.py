"""From what a user writes after ``--backend`` to an adapter."""

import difflib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Collection, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType

from adapters.contract import (
    DTYPES,
    GRADE,
    NAMED_PADDING,
    Adapter,
    Capabilities,
    Unavailable,
    text_of,
)
from adapters.process.pipe import program_of
from adapters.specs import PIPE, is_file, parse

BUILT_IN = {
    "reference": "adapters.reference_adapter:Reference",
    "torch-cpu": "adapters.torch.adapter:TorchCPU",
    "torch-cuda": "adapters.torch.adapter:TorchCUDA",
    "tensorflow": "adapters.tensorflow.adapter:TensorFlow",
    "scipy-direct": "adapters.scipy.adapter:SciPyDirect",
    "scipy-fft": "adapters.scipy.adapter:SciPyFFT",
    "scipy-ndimage": "adapters.scipy.ndimage:SciPyNdimage",
    "jax": "adapters.jax.adapter:JAX",
    "onnxruntime": "adapters.onnxruntime.adapter:ONNXRuntime",
    "keras": "adapters.keras.adapter:Keras",
    "openvino": "adapters.openvino.adapter:OpenVINO",
    "ncnn": "adapters.ncnn.adapter:NCNN",
    "tinygrad": "adapters.tinygrad.adapter:TinyGrad",
    "tfjs": "adapters.tfjs.adapter:TensorFlowJS",
}
# What a run without --backend holds; the others run when they are asked for.
PLAIN_RUN = ("reference", "torch-cpu", "torch-cuda", "tensorflow", "scipy-direct", "scipy-fft")
ENTRY_POINTS = "convspec.adapters"

_LONGEST_NAME = 80
_OPTION = re.compile(r"[A-Za-z0-9][\w.-]*")


def load(text: str) -> Adapter:
    """The adapter that a spec names (see specs.py): a built-in name, that of an installed
    package's entry point, ``module:Class`` for a class on the path or in the current folder, or
    ``./path/file.py:Class``, each with its options.

    Raises Unavailable, which says why, for whatever keeps the backend from being used.
    """
    spec = parse(text)
    if spec.command:
        raise Unavailable(f"{spec.command} can run {spec.local} in a process of its own only")
    if spec.target.startswith(PIPE):
        return program_of(spec.target)
    try:
        module, class_name = located(spec.target)
        adapter = getattr(module, class_name, None)
        if adapter is None:
            raise Unavailable(f"{spec.target}: {_classes(module, class_name)}")
        if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
            raise Unavailable(f"{spec.target} is not a subclass of adapters.Adapter")
        chosen = _chosen(adapter, spec.options, spec.target)
        instance = adapter(*chosen)
        check(instance, text)
        if chosen:
            instance.name = "+".join((instance.name, *chosen))
            check(instance, text)
        instance.spec = text
    except Unavailable:
        raise
    except ModuleNotFoundError as error:
        raise Unavailable(_not_installed(spec.target, error)) from error
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {text_of(error)}"
        raise Unavailable(f"{text} could not be loaded: {said}") from error
    return instance


def located(target: str) -> tuple[ModuleType, str]:
    """The module that a spec's target is in, imported, and the name of the class."""
    found = BUILT_IN.get(target) or (target if ":" in target else _entry_point(target))
    module_name, _, class_name = found.partition(":")
    if not class_name:
        raise Unavailable(f"{target!r} names no class: {module_name}:Class")
    if is_file(found):
        return _module_in(Path(module_name).expanduser().resolve()), class_name
    _also_find_modules_in(os.getcwd())
    return importlib.import_module(module_name), class_name


def entry_points() -> dict[str, list[metadata.EntryPoint]]:
    """The adapters that installed packages offer by a name."""
    offered: dict[str, list[metadata.EntryPoint]] = {}
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        offered.setdefault(entry.name, []).append(entry)
    return offered


def _entry_point(name: str) -> str:
    offered = entry_points()
    meant = {entry.value: entry for entry in offered.get(name, ())}
    if len(meant) == 1:
        (entry,) = meant.values()
        return f"{entry.module}:{entry.attr or ''}"
    if meant:
        packages = " and ".join(e.dist.name if e.dist else e.value for e in meant.values())
        raise Unavailable(f"{name} is the name of an adapter in {packages}: uninstall one of them")
    near = difflib.get_close_matches(name.lower(), [*BUILT_IN, *offered], cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise Unavailable(
        f"no backend is called {name!r}{hint} (python -m adapters list shows all; an adapter "
        "without a name is module:Class or ./file.py:Class)"
    )


def _module_in(file: Path) -> ModuleType:
    """The module in a file, which finds those beside it."""
    if not file.is_file():
        raise Unavailable(f"there is no file {file}")
    _also_find_modules_in(str(file.parent))
    name = file.stem if _is_free(file.stem, file) else f"convspec_adapter_in_{file}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Unavailable(f"{file} is no file of Python: its name must end in .py")
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_free(name: str, file: Path) -> bool:
    """Whether a module of this name can only be the one in this file."""
    if not name.isidentifier():
        return False
    spec = importlib.util.find_spec(name)
    return spec is None or spec.origin == str(file)


def _also_find_modules_in(folder: str) -> None:
    if folder not in sys.path and Path(folder).resolve() != Path(__file__).resolve().parent:
        sys.path.append(folder)


def _chosen(adapter: type[Adapter], options: tuple[str, ...], target: str) -> list[str]:
    """The options of a spec, in the order in which the adapter declares them."""
    declared = adapter.options
    if not (
        isinstance(declared, Mapping)
        and all(isinstance(name, str) and _OPTION.fullmatch(name) for name in declared)
        and all(isinstance(sentence, str) for sentence in declared.values())
    ):
        raise Unavailable(f"{target}.options must map names to sentences, not be {declared!r}")
    for option in options:
        if option not in declared:
            known = f"its options are {', '.join(declared)}" if declared else "it has no options"
            raise Unavailable(f"{target} has no option {option!r}: {known}")
        if options.count(option) > 1:
            raise Unavailable(f"{target}: the option {option!r} is given twice")
    return [option for option in declared if option in options]


def _classes(module: ModuleType, class_name: str) -> str:
    """That a class is missing, and what else there is."""
    there = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Adapter) and value is not Adapter
    ]
    near = difflib.get_close_matches(class_name, there, n=5, cutoff=0) or ["no adapter"]
    return f"the module has no class {class_name!r}, but {', '.join(near)}"


def _not_installed(target: str, error: ModuleNotFoundError) -> str:
    """What is missing, and how to have it installed."""
    if error.name is None:
        return f"{target} could not be loaded: {text_of(error)}"
    package = error.name.partition(".")[0]
    if error.name == target.rpartition(":")[0]:
        return f"{error.name} is not installed, and no module in {os.getcwd()}"
    framework = target.partition("-")[0]
    # Keras needs another framework, and which one is an option; the others name all that they need.
    named = (package, framework) if framework == "keras" else (framework,)
    extras = [extra for extra in named if extra in _extras()]
    hint = f": pip install 'convspec[{extras[0]}]'" if target in BUILT_IN and extras else ""
    return f"{error.name} is not installed{hint}"


def _extras() -> list[str]:
    try:
        return metadata.metadata("convspec").get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:  # run from a checkout
        return []


def check(adapter: Adapter, spec: str) -> None:
    """Refuse a name or claims that nobody could read."""
    if not isinstance(adapter, Adapter):
        raise Unavailable(f"{spec}() is not an adapters.Adapter, but {type(adapter).__name__}")
    name, claims = adapter.name, adapter.capabilities
    if not (isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()):
        raise Unavailable(
            f"{spec} needs a name of 1 to {_LONGEST_NAME} printable characters, "
            f"not {str(name)[:_LONGEST_NAME]!r}"
        )
    if not isinstance(claims, Capabilities):
        raise Unavailable(f"{spec}.capabilities must be adapters.Capabilities, not {claims!r}")
    for field, claimed, known in (
        ("dtypes", claims.dtypes, DTYPES),
        ("spatial_axes", claims.spatial_axes, (1, 2, 3)),
        ("named_padding", claims.named_padding, NAMED_PADDING),
        ("named_transposed_padding", claims.named_transposed_padding, NAMED_PADDING),
        ("promises for", claims.promises.keys(), DTYPES),
    ):
        if not isinstance(claimed, Collection):
            raise Unavailable(f"{spec} claims {field} {claimed!r}, which is no list of any")
        if unknown := set(claimed) - set(known):
            raise Unavailable(f"{spec} claims {field} {unknown}, but there are only {known}")
    for grade in claims.promises.values():
        if not (isinstance(grade, str) and GRADE.fullmatch(grade)):
            raise Unavailable(f"{spec} promises {grade!r}, which is not 'A', 'B' or 'C(b)'")
