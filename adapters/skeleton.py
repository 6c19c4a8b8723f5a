"""``python -m adapters new NAME``: an adapter to begin with, and its test. Both run as written."""

import re
from dataclasses import dataclass
from pathlib import Path

from adapters.registry import BUILT_IN, ENTRY_POINTS

PLACEHOLDER = "placeholder"  # the version, until there is one
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")

_ADAPTER = '''\
"""How convspec asks {name}: NumPy arrays in, a NumPy array out."""

import reference  # until your backend is there: delete this line, and import that

from adapters import Adapter, Capabilities, Unsupported


class {class_name}(Adapter):
    name = "{name}"
    version = "{placeholder}"  # that of your backend
    # Claims are tested: leave out what the backend cannot do, and add what else it can.
    capabilities = Capabilities(dtypes=("float64", "float32"), spatial_axes=(1, 2, 3))

    def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, groups):
        self.decline_unclaimed(padding)
        # What the backend does not offer, a dtype or anything else, is declined with the reason.
        if x.dtype.name not in self.capabilities.dtypes:
            raise Unsupported(f"{{self.name}} does not compute in {{x.dtype}}")

        # YOUR BACKEND GOES HERE, instead of the reference. There come
        #
        #   x                 (N, C, *size), with one, two or three spatial axes
        #   filters           (K, C / groups, *kernel)
        #   bias              (K,) or None
        #   stride, dilation  an int for each spatial axis
        #   padding           a (low, high) pair of zeros for each spatial axis
        #   groups            an int
        #
        # and the result is (N, K, *out), of the dtype of x. A backend with channels last takes
        # np.moveaxis(x, 1, -1), and what it gives becomes np.moveaxis(result, -1, 1). Its filters
        # may be (*kernel, C, K), np.moveaxis(filters, (1, 0), (-2, -1)), or (K, *kernel, C),
        # np.moveaxis(filters, 1, -1).
        return reference.cross_correlate(
            x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
'''

_TEST = '''\
"""Is the adapter right, and does {name} hold the specification?"""

import subprocess
import sys
from pathlib import Path

ADAPTER = f"{{Path(__file__).with_name({file_name!r})}}:{class_name}"


def run(*command):
    return subprocess.run([sys.executable, "-m", *command], check=False).returncode


def test_the_adapter_is_right():
    assert run("adapters", "doctor", ADAPTER) == 0


def test_the_backend_holds_the_specification(tmp_path):
    """One chapter, on few examples; without these options it is all of them."""
    few = ("--profile", "quick", "-m", "geometry", "--results", str(tmp_path / "results.jsonl"))
    assert run("conformance", "--backend", ADAPTER, *few) == 0
'''

_NEXT = """\
Wrote {adapter} and {test}.

1. Put your backend's call into {adapter}, where it says so.
2. Is the adapter right?
     python -m adapters doctor {spec}
3. Does the backend hold the specification?
     python -m conformance --backend {spec} --profile quick --report report.html
4. To be found by its name, in the pyproject.toml of the package that it is installed with:
     [project.entry-points."{group}"]
     {name} = "{module}:{class_name}"
"""


class SkeletonError(Exception):
    """A skeleton cannot be written so."""


@dataclass(frozen=True)
class Skeleton:
    """Where an adapter and its test lie, and how it is asked for."""

    name: str
    adapter: Path

    @property
    def test(self) -> Path:
        return self.adapter.with_name(f"test_{self.adapter.name}")

    @property
    def class_name(self) -> str:
        words = [word for word in re.split(r"[\W_]+", self.name) if word]
        name = "".join(word[0].upper() + word[1:] for word in words)
        return name if name.isidentifier() else f"Backend{name}"

    @property
    def spec(self) -> str:
        path = self.adapter if self.adapter.is_absolute() else f"./{self.adapter}"
        return f"{path}:{self.class_name}"


def written(name: str, file: Path | None = None) -> Skeleton:
    """Write the adapter and its test. Raises SkeletonError, and writes nothing, if the name is
    none, or there is a file already.
    """
    if not _NAME.fullmatch(name):
        raise SkeletonError(f"{name!r} is no name: letters, digits, '.', '-' and '_' make one")
    if name in BUILT_IN:
        raise SkeletonError(f"{name!r} is the name of a backend that is built in")
    file = file or Path(f"{re.sub(r'[.-]', '_', name)}_adapter.py")
    if file.suffix != ".py" or not file.stem.isidentifier():
        raise SkeletonError(f"{file.name!r} is no name of a module: such as acme_adapter.py")
    skeleton = Skeleton(name, file)
    for path in (skeleton.adapter, skeleton.test):
        if path.exists():
            raise SkeletonError(f"{path} is there already, and was left as it is")
    texts = {"name": name, "class_name": skeleton.class_name, "file_name": file.name}
    try:
        with open(skeleton.adapter, "x", encoding="utf-8") as adapter:
            adapter.write(_ADAPTER.format(placeholder=PLACEHOLDER, **texts))
        with open(skeleton.test, "x", encoding="utf-8") as test:
            test.write(_TEST.format(**texts))
    except OSError as error:
        raise SkeletonError(str(error)) from error
    return skeleton


def what_next(skeleton: Skeleton) -> str:
    """What to do with it."""
    return _NEXT.format(
        adapter=skeleton.adapter,
        test=skeleton.test,
        spec=skeleton.spec,
        group=ENTRY_POINTS,
        name=skeleton.name,
        module=skeleton.adapter.stem,
        class_name=skeleton.class_name,
    )
