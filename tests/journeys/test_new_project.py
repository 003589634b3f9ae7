"""What the README of a new project tells its reader to type, typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "holdfast.cli")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No key, no encoder; the same Holdfast as this test's."""
    import holdfast

    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY") and name != "CI"}
    sources = str(Path(str(holdfast.__file__)).parent.parent)
    return {**kept, "PYTHONPATH": sources, "HOLDFAST_CACHE": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    folder = tmp_path_factory.mktemp("journey") / "desk"
    typed(environment, folder.parent, *COMMAND, "new", "desk")
    typed(environment, folder, *COMMAND, "sync")
    return folder


def typed(environment: dict[str, str], folder: Path, *command: str, code: int = 0) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_new_project_answers_passes_its_tests_and_replays(project: Path, environment: dict[str, str]) -> None:
    answer = typed(environment, project, *COMMAND, "run", "answer_ticket", "How many days until I get my refund?")
    assert "within 5 working days" in answer
    typed(environment, project, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    replay = typed(environment, project, *COMMAND, "replay", "last", "--set", "help_center.k=1", "--json")
    assert json.loads(replay)["diff"]["outcome_after"] == "degraded"


def test_the_fixture_recorded_works_in_a_project_of_its_own(project: Path, environment: dict[str, str]) -> None:
    (project / "conftest.py").write_text('pytest_plugins = ["holdfast.testing.fixtures"]\n', "utf-8")
    (project / "tests" / "test_recorded.py").write_text(
        "import asyncio\n"
        "def test_cancel(recorded):\n"
        "    found = asyncio.run(recorded('answer_ticket', {'body': 'How do I cancel an order?'}))\n"
        "    assert found.output['text']\n",
        "utf-8",
    )
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_recorded.py")
    typed(environment, project, *pytest_)
    assert (project / "tests" / "recordings" / "test_recorded.test_cancel.json").is_file()
    typed({**environment, "CI": "true"}, project, *pytest_)


def test_up_serves_until_it_is_interrupted(project: Path, environment: dict[str, str]) -> None:
    command = (*COMMAND, "up", "--port", "0", "--json")
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = json.loads(served.stdout.readline())
        request = urllib.request.Request(
            f"{said['address']}/v1/features/answer_ticket",
            b'{"body": "How many days until I get my refund?"}',
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert "within 5 working days" in json.load(answer)["output"]["text"]
        doubled = typed(environment, project, *COMMAND, "doctor", "--json")
        assert "serves this project already" in doubled
        typed(environment, project, *COMMAND, "up", "--port", "0", code=2)
        served.send_signal(signal.SIGINT)
        assert served.wait() == 0


def test_a_request_that_is_interrupted_is_recorded_as_cancelled(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "holdfast.toml").write_text("", "utf-8")
    (tmp_path / "features.py").write_text(
        "import asyncio\nimport holdfast as hf\napp = hf.App()\n\n"
        "@app.feature()\nasync def wait(ctx: hf.Context, text: str) -> str:\n"
        "    print('waiting', flush=True)\n    await asyncio.Event().wait()\n    return text\n",
        "utf-8",
    )
    command = (*COMMAND, "run", "wait", "for ever")
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "waiting\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate()
    assert running.returncode == 130
    assert "Traceback" not in err
    listed = json.loads(typed(environment, tmp_path, *COMMAND, "recordings", "list", "--json"))
    assert [each["outcome"] for each in listed["recordings"]] == ["cancelled"]


@pytest.mark.parametrize("command", ["list", "export"])
def test_a_reader_that_has_gone_is_no_error(command: str, project: Path, environment: dict[str, str]) -> None:
    typed(environment, project, *COMMAND, "run", "answer_ticket", "How many days until I get my refund?")
    started = (*COMMAND, "recordings", command)
    pipe = subprocess.PIPE
    with subprocess.Popen(started, cwd=project, env=environment, stdout=pipe, stderr=pipe) as writing:
        assert writing.stdout is not None
        assert writing.stderr is not None
        writing.stdout.close()
        said = writing.stderr.read()
    assert (writing.returncode, b"Error" in said) == (0, False), said
