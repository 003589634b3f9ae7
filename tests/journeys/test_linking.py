"""The linking example: tickets find their articles or none, and what is missing in the help centre is named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from holdfast.app import Project, open_configured
from holdfast.config import load_config

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "linking"
CASES = [json.loads(line) for line in (EXAMPLE / "evals" / "link_ticket.jsonl").read_text().splitlines()]
THEMES = ({"T-046", "T-047", "T-048", "T-049"}, {"T-050", "T-051", "T-052", "T-053"},
          {"T-054", "T-055", "T-056", "T-057"}, {"T-058", "T-059", "T-060"})  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "linking"
    shutil.copytree(EXAMPLE, made, ignore=shutil.ignore_patterns(".holdfast", "__pycache__"))
    return made


@asynccontextmanager
async def synced(folder: Path, *, encoder: bool = True) -> AsyncIterator[Project]:
    project = await open_configured(load_config(folder, {}), encoder=encoder)
    try:
        await project.sync()
        yield project
    finally:
        await project.close()


def read(text: str) -> str:
    """What a reader sees of Markdown, whatever its lines."""
    return " ".join(text.replace("**", "").split())


async def linked(project: Project) -> list[tuple[dict[str, Any], Any]]:
    return [(case, (await project.run("link_ticket", case["input"])).output) for case in CASES]


async def test_tickets_find_their_article_and_hardly_one_that_none_answers_finds_any(
    folder: Path, encoder_cache: Path
) -> None:
    async with synced(folder) as project:
        answers = await linked(project)
        right = [out["citations"][0]["document"] == case["gold"][0]["document"]
                 for case, out in answers if out["citations"] and "gold" in case]  # fmt: skip
        assert (len(CASES), sum("gold" in case for case in CASES)) == (60, 45)
        assert sum(right) >= 0.7 * 45
        assert sum(right) >= 0.9 * len(right)
        assert sum(bool(out["citations"]) for case, out in answers if "gold" not in case) <= 2
        for _, out in answers:
            for citation in out["citations"]:
                document = await project.corpora.document("help_center", "v1", citation["document"])
                assert read(citation["quote"])
                assert read(citation["quote"]) in read(document.text)


async def test_every_theme_that_no_article_answers_is_one_gap_with_what_the_nearest_articles_lack(
    folder: Path, encoder_cache: Path
) -> None:
    backlog = json.loads((folder / "backlog.json").read_text())
    async with synced(folder) as project:
        recording = await project.run("gaps", backlog)
        assert recording.outcome == "ok"
        found = recording.output
        assert found["answered"] + len(found["single"]) + sum(gap["size"] for gap in found["gaps"]) == 60
        of_themes = found["gaps"][:4]
        for gap in of_themes:
            examples = {example.partition(":")[0] for example in gap["examples"]}
            assert len(examples) == 3
            assert any(examples <= theme for theme in THEMES), gap
            assert gap["nearest"][0]["lacks"]
        assert [set(gap["title"].split()) & {"smartwatch", "owner", "insurance", "outdoors"} != set()
                for gap in of_themes] == [True] * 4  # fmt: skip
        replay = await project.replay(recording.id, strict=True)
        assert replay.recording.output == found


async def test_without_an_encoder_tickets_are_linked_by_words_and_gaps_says_what_it_lacks(folder: Path) -> None:
    async with synced(folder, encoder=False) as project:
        answers = await linked(project)
        right = [out["citations"][0]["document"] == case["gold"][0]["document"]
                 for case, out in answers if out["citations"] and "gold" in case]  # fmt: skip
        assert sum(right) >= 0.5 * 45
        assert sum(right) >= 0.85 * len(right)
        failed = await project.run("gaps", json.loads((folder / "backlog.json").read_text()))
        assert failed.failure is not None
        assert failed.failure.code == "HF108"


def test_the_three_commands_of_the_readme_work(folder: Path, encoder_cache: Path) -> None:
    def holdfast(*arguments: str) -> str:
        asked = [sys.executable, "-m", "holdfast.cli", *arguments, "--project", str(folder)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    holdfast("sync")
    assert "hub-is-offline" in holdfast("run", "link_ticket", '{"body": "The ring on the hub is red since today"}')
    holdfast("batch", "link_ticket", str(folder / "tickets.jsonl"), str(folder / "out.jsonl"))
    assert len((folder / "out.jsonl").read_text().splitlines()) == 60
    holdfast("eval", "link_ticket")
