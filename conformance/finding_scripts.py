"""The scripts that show findings: in Python, or in JavaScript for Node.js. Each begins by saying,
in its docstring or the lines of its comment, what it shows.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

_LANGUAGES = {".py": "python", ".cjs": "javascript"}
_COMMENT = re.compile(r"(?://.*\n)+")
_REQUIRED = re.compile(r"""\brequire\("([^"]+)"\)""")


@dataclass(frozen=True)
class Script:
    """A script as a file."""

    file: Path

    @classmethod
    def beside(cls, file: Path) -> "Script":
        """The one that has the name of another file, but for its suffix."""
        present = (file.with_suffix(suffix) for suffix in _LANGUAGES)
        return cls(next((path for path in present if path.is_file()), file.with_suffix(".py")))

    @property
    def language(self) -> str:
        return _LANGUAGES[self.file.suffix]

    @property
    def head(self) -> str:
        """What it says about itself."""
        source = self.file.read_text("utf-8")
        if self.language == "python":
            return ast.get_docstring(ast.parse(source)) or ""
        lines = source[: self._start(source)].splitlines()
        return "\n".join(line.removeprefix("//").removeprefix(" ") for line in lines)

    @property
    def code(self) -> str:
        """All after that."""
        source = self.file.read_text("utf-8")
        if self.language == "python":
            return source.split('"""', 2)[2].strip()
        return source[self._start(source) :].strip()

    @property
    def needs(self) -> set[str]:
        """The packages that it loads."""
        source = self.file.read_text("utf-8")
        if self.language == "javascript":
            return set(_REQUIRED.findall(source))
        nodes = list(ast.walk(ast.parse(source)))
        named = [
            alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
        ]
        named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        return {name.partition(".")[0] for name in named}

    def _start(self, source: str) -> int:
        comment = _COMMENT.match(source)
        return comment.end() if comment else 0
