"""TensorFlow.js through Node.js: a backend in another language, asked by clients/tfjs.cjs."""

import os
import shutil
from pathlib import Path
from typing import ClassVar

from adapters.contract import Unavailable
from adapters.process.pipe import Program

_CLIENT = Path(__file__).parents[1] / "clients" / "tfjs.cjs"
_PACKAGES = {"": "@tensorflow/tfjs", "wasm": "@tensorflow/tfjs-backend-wasm"}


class TensorFlowJS(Program):
    name = "tfjs"
    options: ClassVar = {"wasm": "its WebAssembly backend, not the one in JavaScript"}

    def __init__(self, *options: str) -> None:
        if shutil.which("node") is None:
            raise Unavailable("node (Node.js) is not installed")
        for package in (_PACKAGES[option] for option in ("", *options)):
            if not any(folder.joinpath(package).is_dir() for folder in _folders()):
                raise Unavailable(f"{package} is not installed: npm install {package}, here")
        self.command = ("node", str(_CLIENT), *options)


def _folders() -> list[Path]:
    """Where Node.js looks for packages."""
    here = Path.cwd()
    named = filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep))
    return [*(folder / "node_modules" for folder in (here, *here.parents)), *map(Path, named)]
