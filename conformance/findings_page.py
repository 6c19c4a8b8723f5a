"""What was found in released frameworks, as a page to read: ``python -m conformance.findings_page``
writes it anew from ``findings/``, into FINDINGS.md beside this file, or where ``--output`` says.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.clauses import clauses
from conformance.known_issues import Finding, findings

FILE = Path(__file__).with_name("FINDINGS.md")
HEAD = """\
# Findings

Where released frameworks disagree with [the specification](SPECIFICATION.md), or die. Each was
found by the suite or while an adapter was written, made as small as it gets, and is shown by a
script that needs the framework alone: it exits with 1 where the finding shows, and with 0 where it
does not. While a finding stands, its clauses come out as *known* on the backends and versions it
names, and only for the answers that the mistake predicts; a run fails when a finding no longer
shows. Where frameworks differ by convention, nobody is wrong: see
[conventions](../adapters/conventions/CONVENTIONS.md).

"On record: no" means that no report was found upstream, not that there is none. This page is made
by `python -m conformance.findings_page`.
"""


def page() -> str:
    """All of it, as Markdown."""
    found = findings()
    lines = [
        HEAD,
        "| Framework | Finding | Known to clauses | On record |",
        "| --- | --- | --- | --- |",
    ]
    for finding in found:
        cells = (
            finding.framework,
            f"[{finding.title}](#{finding.name})",
            ", ".join(_clauses(finding)) or "none",
            f"[yes]({finding.on_record})" if finding.on_record else "no",
        )
        lines.append(f"| {' | '.join(cells)} |")
    for finding in found:
        lines += ["", *_section(finding)]
    return "\n".join(lines) + "\n"


def _section(finding: Finding) -> Iterator[str]:
    yield f'<a id="{finding.name}"></a>'
    yield ""
    yield f"## {finding.title}"
    yield ""
    yield finding.explanation
    yield ""
    for name, sentence in _clauses(finding).items():
        yield f"- Clause [{name}](SPECIFICATION.md#{name.lower()}): {sentence}"
    if backends := dict.fromkeys(b for issue in finding.issues for b in issue.backends):
        dtypes = dict.fromkeys(d for issue in finding.issues for d in issue.dtypes)
        within = f", in {', '.join(dtypes)}" if dtypes else ""
        yield f"- Known on: {', '.join(backends)}{within}."
    spared = f"; not in {', '.join(finding.spared)}" if finding.spared else ""
    yield f"- Shows in: {finding.framework} {', '.join(finding.affected)}{spared}."
    yield f"- On record: {finding.on_record or 'no'}."
    file = finding.script.file.name
    yield f"- Script: [`{file}`](findings/{file})."
    yield ""
    yield f"```{finding.script.language}"
    yield finding.script.code
    yield "```"


def _clauses(finding: Finding) -> dict[str, str]:
    """Their names and sentences, in the order of the specification."""
    named = {name for issue in finding.issues for name in issue.clauses}
    return {name: clause.sentence for name, clause in clauses().items() if name in named}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("--output", type=Path, default=FILE, help="where to (%(default)s)")
    parser.parse_args(arguments).output.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
