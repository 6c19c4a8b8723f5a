"""From what a user writes after ``--backend`` to an adapter."""

import importlib
import os
import sys
from collections.abc import Collection

from adapters.contract import (
    DTYPES,
    GRADE,
    NAMED_PADDING,
    Adapter,
    Capabilities,
    Unavailable,
    text_of,
)

BUILT_IN = {
    "reference": "adapters.reference_adapter:Reference",
    "torch-cpu": "adapters.torch_adapter:TorchCPU",
    "torch-cuda": "adapters.torch_adapter:TorchCUDA",
    "tensorflow": "adapters.tensorflow_adapter:TensorFlow",
    "scipy-direct": "adapters.scipy_adapter:SciPyDirect",
    "scipy-fft": "adapters.scipy_adapter:SciPyFFT",
}

_LONGEST_NAME = 80


def load(spec: str) -> Adapter:
    """The adapter that ``spec`` names: a built-in name, or ``module:Class`` for a class on the
    path or in the current folder.

    Raises Unavailable, which says why, for whatever keeps the backend from being used.
    """
    module_name, _, class_name = BUILT_IN.get(spec, spec).partition(":")
    if not class_name:
        known = ", ".join(BUILT_IN)
        raise Unavailable(f"{spec!r} is neither module:Class nor one of {known}")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        adapter = getattr(importlib.import_module(module_name), class_name)
        if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
            raise Unavailable(f"{spec} is not a subclass of adapters.Adapter")
        instance = adapter()
        _check(instance, spec)
        instance.spec = spec
    except Unavailable:
        raise
    except ModuleNotFoundError as error:
        raise Unavailable(_not_installed(spec, error)) from error
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {text_of(error)}"
        raise Unavailable(f"{spec} could not be loaded: {said}") from error
    return instance


def _not_installed(spec: str, error: ModuleNotFoundError) -> str:
    if error.name is None:
        return f"{spec} could not be loaded: {text_of(error)}"
    extra = spec.partition("-")[0]
    hint = f": pip install 'convspec[{extra}]'" if spec in BUILT_IN else ""
    return f"{error.name} is not installed{hint}"


def _check(adapter: Adapter, spec: str) -> None:
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
        ("promises for", claims.promises.keys(), DTYPES),
    ):
        if not isinstance(claimed, Collection):
            raise Unavailable(f"{spec} claims {field} {claimed!r}, which is no list of any")
        if unknown := set(claimed) - set(known):
            raise Unavailable(f"{spec} claims {field} {unknown}, but there are only {known}")
    for grade in claims.promises.values():
        if not (isinstance(grade, str) and GRADE.fullmatch(grade)):
            raise Unavailable(f"{spec} promises {grade!r}, which is not 'A', 'B' or 'C(b)'")
