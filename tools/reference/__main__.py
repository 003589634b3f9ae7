"""Writes docs/reference from the code, so that the pages cannot say anything else: `python -m tools.reference`.

Knows which pages there are, and nothing of what stands in them.
"""

from __future__ import annotations

from collections.abc import Mapping

from tools.reference.commands import commands
from tools.reference.configuration import configuration
from tools.reference.errors import errors
from tools.reference.evaluations import evaluations
from tools.reference.findings import findings
from tools.reference.gates import gates
from tools.reference.http import http
from tools.reference.markdown import ROOT
from tools.reference.records import records
from tools.reference.scorers import scorers
from tools.reference.where import where

PAGES = ROOT / "docs" / "reference"


def pages() -> Mapping[str, str]:
    """Each page's name and text, as the code has it now."""
    return {
        "cli.md": commands(),
        "configuration.md": configuration(),
        "errors.md": errors(),
        "evaluations.md": evaluations(),
        "findings.md": findings(),
        "gates.md": gates(),
        "http.md": http(),
        "records.md": records(),
        "scorers.md": scorers(),
        "where.md": where(),
    }


def stale() -> list[str]:
    """The names of the pages that are not what the code says."""
    return [name for name, text in pages().items() if not _same(name, text)]


def main() -> None:
    """Write every page that is stale."""
    texts = pages()
    for name in stale():
        (PAGES / name).write_text(texts[name], "utf-8")
        print(f"wrote docs/reference/{name}")


def _same(name: str, text: str) -> bool:
    file = PAGES / name
    return file.is_file() and file.read_text("utf-8") == text


if __name__ == "__main__":
    main()
