"""Every block of Python in the documents runs, and prints what stands there."""

import doctest
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reference import cross_correlate

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "reference/TUTORIAL.md")
# Others have tests of their own: test_adapter_tutorial.py, test_publishing.py.
LINKED = (*DOCUMENTS, "adapters/TUTORIAL.md", "adapters/PROTOCOL.md", "reports/PUBLISHING.md")


def convolution(
    x: Any, filters: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    """What the documents call acme.conv, whose results have a method numpy."""
    result = cross_correlate(
        x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    return SimpleNamespace(numpy=lambda: result)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_its_blocks_run_one_after_another(
    document: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "acme", SimpleNamespace(conv=convolution))
    names: dict[str, Any] = {"__name__": document}
    blocks = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / document).read_text("utf-8"), re.M | re.S
    )
    assert blocks
    for number, block in enumerate(blocks, start=1):
        if ">>> " not in block:
            exec(compile(block, f"{document}, block {number}", "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(block, {}, document, f"block {number}", 0)
        test.globs = names
        found = doctest.DocTestRunner(verbose=False).run(test, clear_globs=False)
        assert found.failed == 0, capsys.readouterr().out


def test_links_between_documents_lead_somewhere() -> None:
    for document in LINKED:
        text = (ROOT / document).read_text("utf-8")
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
        here = (ROOT / document).parent
        assert not [link for link in links if not (here / link).exists()], document
