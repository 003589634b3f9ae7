"""A scaffolded project, synced once and copied for each test, and a way to type commands at it.

Knows nothing of any one command.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.unit.cli.said import Said, Type

from holdfast.cli.entry import enter

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of `holdfast new`, synced without an encoder."""
    folder = tmp_path_factory.mktemp("made") / "desk"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDFAST_CACHE", str(folder.parent / "no-encoder"))
        assert enter(["new", str(folder)]) == 0
        assert enter(["sync", "--project", str(folder)]) == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A synced project of the test's own, which is also where it stands; no key, no encoder, no colours."""
    copy = tmp_path / "desk"
    shutil.copytree(made, copy)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "no-encoder"))
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    return copy


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Type:
    """Type a command: `typed("run", "answer_ticket", "...")`."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = enter(arguments)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return run
