"""The templates for continuous integration are valid, and their shell steps do what they say, at a project in git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from holdfast.cli.entry import enter

ROOT = Path(__file__).parents[2]
CI = ROOT / "tools" / "ci"
GH = """#!{python}
import sys
from pathlib import Path

here = Path(__file__).parent
asked = sys.argv[1:]
with (here / "asked.txt").open("a") as file:
    file.write(" ".join(asked) + "\\n")
if "--jq" in asked and (here / "comment.md").exists():
    print(41)
for argument in asked:
    if argument.startswith("body=@"):
        (here / "comment.md").write_text(Path(argument.removeprefix("body=@")).read_text())
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project in it, and `holdfast` and `gh` where a shell finds them."""
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "no-encoder"))
    folder, found = tmp_path / "repository", tmp_path / "bin"
    assert enter(["new", str(folder)]) == 0
    config = folder / "holdfast.toml"
    lines = [
        'models = ["extractive"]' if line.startswith("models = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines) + "\n")
    shutil.copytree(CI, folder / "ci")
    git(folder, "init", "--quiet")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "A project")
    found.mkdir()
    commands = {
        "holdfast": f'#!/bin/sh\nexec {sys.executable} -m holdfast.cli "$@"\n',
        "gh": GH.format(python=sys.executable),
    }
    for name, text in commands.items():
        (found / name).write_text(text)
        (found / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{found}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    return folder


def commit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    git(folder, "commit", "--quiet", "-am", "A change")


def bash(folder: Path, script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )


def action(folder: Path, given: dict[str, str]) -> tuple[int, str]:
    """Every step of the action, as a runner would: the first code that is not 0, and everything said."""
    steps: list[dict[str, Any]] = yaml.safe_load((CI / "action.yml").read_text())["runs"]["steps"]
    code, said = 0, ""
    for step in steps:
        assert "${{" not in step["run"], "what comes from outside goes through the environment"
        environ = {name: given.get(str(value), "") for name, value in step["env"].items()}
        done = bash(folder, step["run"], GITHUB_ACTION_PATH=str(CI), GITHUB_REPOSITORY="acme/desk",
                    GITHUB_STEP_SUMMARY=str(folder.parent / "summary.md"), **environ)  # fmt: skip
        code, said = code or done.returncode, said + done.stdout + done.stderr
    return code, said


def test_the_action_comments_once_and_replaces_its_comment(site: Path) -> None:
    base = git(site, "rev-parse", "HEAD")
    given = {"${{ github.event.pull_request.base.sha }}": base, "${{ github.event.pull_request.number }}": "7"}
    commit(site, "data/refunds.md", "5 working", "9 working")
    broken = git(site, "rev-parse", "HEAD")
    code, said = action(site, given)
    assert code == 1, said
    assert git(site, "rev-parse", "HEAD") == broken
    comment = site.parent / "bin" / "comment.md"
    assert comment.read_text().startswith("<!-- holdfast:gate:answer_ticket -->\n## answer\\_ticket: REGRESSED")
    assert (site.parent / "summary.md").read_text() == comment.read_text()
    suite = ElementTree.parse(site / "holdfast-gate.xml").getroot()[0]
    assert (
        next(case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None) == "refund-time"
    )
    commit(site, "data/refunds.md", "9 working", "5 working")
    code, said = action(site, given)
    assert code == 0, said
    assert "## answer\\_ticket: PASS" in comment.read_text()
    asked = (site.parent / "bin" / "asked.txt").read_text().splitlines()
    assert [line.split()[3] for line in asked if "--method" in line] == ["POST", "PATCH"]
    assert "repos/acme/desk/issues/7/comments" in asked[0]
    assert "repos/acme/desk/issues/comments/41" in asked[-1]


def test_changed_code_is_held_against_what_the_base_answered(site: Path) -> None:
    base = git(site, "rev-parse", "HEAD")
    commit(site, "features.py", "{ticket.subject or ''}\\n{ticket.body}", "nothing {len(ticket.body)}")
    done = bash(site, "bash ci/gate.sh", HOLDFAST_BASE=base, HOLDFAST_FEATURE="answer_ticket")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "REGRESSED" in done.stdout


def test_the_gitlab_job_leaves_its_reports_and_ends_as_the_gate_does(site: Path) -> None:
    job = yaml.safe_load((CI / "gitlab.yml").read_text())["holdfast-gate"]
    base = git(site, "rev-parse", "HEAD")
    commit(site, "data/refunds.md", "5 working", "9 working")
    environ = {name: str(value) for name, value in job["variables"].items()}
    done = bash(site, "\n".join(job["script"]), CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **environ)
    assert done.returncode == 1, done.stdout + done.stderr
    kept = [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]
    assert all((site / name).is_file() for name in kept)


def test_a_release_of_a_database_that_stays_needs_no_base(site: Path) -> None:
    assert bash(site, "holdfast sync && holdfast release create v1 && holdfast release promote v1").returncode == 0
    done = bash(site, "bash ci/gate.sh", HOLDFAST_AGAINST="live", HOLDFAST_OPTIONS="--max-cost 1 --margin 0.1")
    assert done.returncode == 0, done.stdout + done.stderr
    done = bash(site, "bash ci/gate.sh")
    assert done.returncode == 1
    assert "name a commit in HOLDFAST_BASE" in done.stderr


def test_every_input_of_the_action_is_used() -> None:
    text = (CI / "action.yml").read_text()
    made = yaml.safe_load(text)
    assert made["runs"]["using"] == "composite"
    assert all(f"inputs.{name}" in text for name in made["inputs"])
    assert all(step["shell"] == "bash" for step in made["runs"]["steps"])
