"""The reference of the commands is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from holdfast.cli.reference import reference

FILE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


def test_the_reference_in_the_docs_is_current() -> None:
    said = "python -m holdfast.cli.reference > docs/reference/commands.md"
    assert FILE.read_text("utf-8") == reference(), f"type: {said}"
