"""``python -m adapters list``: which backends there are, and what each of them claims."""

import json
import tempfile
import textwrap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from adapters.contract import OPERATIONS, Unavailable
from adapters.operations import GRADIENTS_OF
from adapters.process.isolation import Isolated, Limits
from adapters.registry import BUILT_IN, PLAIN_RUN, entry_points

_WIDTH = 100
_INDENT = " " * 21
_WAYS = (
    ("own", "own", ""),
    ("own gradients", "own", GRADIENTS_OF),
    ("derived", "derived", ""),
    ("derived gradients", "derived", GRADIENTS_OF),
    ("not offered", "not offered", ""),
    ("no gradients", "not offered", GRADIENTS_OF),
)


@dataclass(frozen=True)
class Listed:
    """A backend, or why it is none: then ``why`` says so, and the rest is unknown. ``package``: the
    one that offers it under this name; ``plain_run``: whether a run without --backend holds it.
    """

    spec: str
    package: str
    plain_run: bool
    why: str = ""
    name: str = ""
    version: str = ""
    dtypes: tuple[str, ...] = ()
    spatial_axes: tuple[int, ...] = ()
    named_padding: tuple[str, ...] = ()
    named_transposed_padding: tuple[str, ...] = ()
    promises: dict[str, str] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def listed(specs: Sequence[str] = ()) -> list[Listed]:
    """Those backends, or all that have a name. Each is loaded into a process of its own, all at
    once: one that is broken keeps no other from being listed.
    """
    packages = {
        name: " and ".join(entry.dist.name if entry.dist else entry.value for entry in entries)
        for name, entries in entry_points().items()
        if name not in BUILT_IN
    }
    chosen = list(dict.fromkeys(specs or [*BUILT_IN, *sorted(packages)]))
    with (
        tempfile.TemporaryDirectory(prefix="convspec-") as folder,
        ThreadPoolExecutor(len(chosen)) as threads,
    ):
        asked = [
            threads.submit(_listed, spec, packages.get(spec, ""), Path(folder, f"{number}.call"))
            for number, spec in enumerate(chosen)
        ]
        return [answer.result() for answer in asked]


def _listed(spec: str, package: str, in_flight: Path) -> Listed:
    plain_run = spec in PLAIN_RUN
    try:
        adapter = Isolated(spec, Limits(), in_flight).ready()
    except Unavailable as why:
        return Listed(spec, package, plain_run, str(why))
    adapter.close()
    claims = adapter.capabilities
    return Listed(
        spec=spec,
        package=package,
        plain_run=plain_run,
        name=adapter.name,
        version=adapter.version,
        dtypes=claims.dtypes,
        spatial_axes=claims.spatial_axes,
        named_padding=claims.named_padding,
        named_transposed_padding=claims.named_transposed_padding,
        promises=dict(claims.promises),
        operations={name: adapter.offers(name) for name in OPERATIONS},
        options=adapter.declared_options,
    )


def as_json(backends: Sequence[Listed]) -> str:
    """The same for programs."""
    return json.dumps([asdict(backend) for backend in backends], indent=2)


def as_text(backends: Sequence[Listed]) -> str:
    """What a person reads: first the backends that are here, then why others are not."""
    here = [_described(backend) for backend in backends if not backend.why]
    missing = [
        textwrap.indent(f"{_title(backend)}: {backend.why}", "  ")
        for backend in backends
        if backend.why
    ]
    parts = here + (["\n".join(("Not available here:", *missing))] if missing else [])
    if any(backend.plain_run for backend in backends):
        parts.append("* A run without --backend holds these.")
    return "\n\n".join(parts)


def _title(backend: Listed) -> str:
    package = f" (of the package {backend.package})" if backend.package else ""
    return f"{backend.spec}{' *' if backend.plain_run else ''}{package}"


def _described(backend: Listed) -> str:
    claims = {
        "dtypes": ", ".join(
            f"{dtype} ({backend.promises[dtype]})" if dtype in backend.promises else dtype
            for dtype in backend.dtypes
        ),
        "spatial axes": ", ".join(map(str, backend.spatial_axes)),
        "named padding": ", ".join(backend.named_padding),
        "  of transposes": ", ".join(backend.named_transposed_padding),
    }
    for label, way, prefix in _WAYS:
        claims[label] = ", ".join(
            name.removeprefix(prefix)
            for name, how in backend.operations.items()
            if how == way and name.startswith(GRADIENTS_OF) == bool(prefix)
        )
    claims |= {f"+{name}": sentence for name, sentence in backend.options.items()}
    name = "" if backend.name == backend.spec else f" {backend.name}"
    lines = [_claim(label, text) for label, text in claims.items() if text]
    return "\n".join((f"{_title(backend)}:{name} {backend.version}", *lines))


def _claim(label: str, text: str) -> str:
    first = f"  {label:<{len(_INDENT) - 3}} "
    return textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=_INDENT)
