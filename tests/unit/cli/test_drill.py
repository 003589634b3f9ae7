"""`holdfast drill` at a real project: what a fault does to its feature, on this machine and nowhere else."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.said import Type

from holdfast.testing.faults import FAULTS

QUICK = ("--set", "answer.idle_ms=300", "--set", "answer.first_token_ms=600", "--set", "answer.connect_ms=300")


@pytest.fixture(autouse=True)
def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but this machine may be looked for."""
    resolve = socket.getaddrinfo

    def local(host: Any, *arguments: Any, **named: Any) -> Any:
        assert host in ("127.0.0.1", "localhost", "vendor.invalid"), host
        return resolve(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", local)


def test_a_cut_stream_degrades_the_feature_and_shows_who_answered(folder: Path, typed: Type) -> None:
    said = typed("drill", "answer_ticket", "--fault", "cut@50%", *QUICK)
    assert said.code == 0, said.out + said.err
    assert "cut: degraded" in said.out
    assert "rung 1 openai:gpt-5-mini" in said.out
    assert "rung 2 of slot 'answer' answered (anthropic:claude-haiku-4-5)" in " ".join(said.out.split())
    assert "the vendors saw" in said.out


def test_as_json_both_sides_are_told(folder: Path, typed: Type) -> None:
    said = typed("drill", "answer_ticket", "--fault", "stall@2", *QUICK, "--json")
    assert said.code == 0
    assert (said.json["outcome"], said.json["held"], said.json["befell"]) == ("degraded", True, 1)
    (anthropic, openai) = said.json["drill"]["vendors"]
    assert (anthropic["provider"], openai["provider"]) == ("anthropic", "openai")
    (call,) = openai["calls"]
    assert (call["pieces"], call["hung_up"]) == (2, True)
    assert said.json["drill"]["shown"] == said.json["drill"]["recording"]["output"]["text"]


def test_a_fault_that_passes_leaves_the_feature_as_it_was(folder: Path, typed: Type) -> None:
    said = typed("drill", "answer_ticket", "--fault", "server_error@once", "--json")
    assert said.json["outcome"] == "ok"
    assert said.json["calls"] == {"anthropic": 0, "openai": 2}


def test_a_ladder_without_another_rung_fails_with_1(folder: Path, typed: Type) -> None:
    one = ("--set", 'answer.models=["openai:gpt-5-mini"]', "--set", "answer.retries=0")
    said = typed("drill", "answer_ticket", "--fault", "refused", *one, "--json")
    assert said.code == 1
    assert (said.json["outcome"], said.json["code"], said.json["befell"]) == ("failed", "HF301", 1)


def test_the_second_rung_and_a_provider_can_be_aimed_at(folder: Path, typed: Type) -> None:
    at = ("drill", "answer_ticket", "--fault", "server_error", *QUICK, "--json")
    assert typed(*at, "--rung", "2").json["calls"] == {"anthropic": 0, "openai": 1}
    assert typed(*at, "--provider", "openai").json["outcome"] == "degraded"
    assert typed(*at, "--rung", "3").code == 2
    assert typed(*at, "--provider", "opnai").code == 2


def test_a_recording_answers_again_and_nothing_is_kept(folder: Path, typed: Type) -> None:
    asked = typed("run", "answer_ticket", "How long is the warranty?", "--json")
    said = typed("drill", "answer_ticket", "--fault", "revoked", "--input", "last", "--json")
    recording = said.json["drill"]["recording"]
    assert recording["replay_of"] == asked.json["id"]
    assert recording["input"] == asked.json["input"]
    assert {step["replayed"] for step in recording["steps"] if step["effect"]["kind"] == "retrieve"} == {True}
    listed = typed("recordings", "list", "--json")
    assert recording["id"] not in listed.out


def test_a_schema_asked_for_is_answered_so_that_the_feature_works(folder: Path, typed: Type) -> None:
    features = folder / "features.py"
    features.write_text(
        features.read_text("utf-8")
        + "\n\nclass Kind(BaseModel):\n    kind: str\n    urgent: bool\n\n\n@app.feature()\n"
        "async def triage(ctx: hf.Context, text: str) -> Kind:\n"
        '    return await ctx.generate("answer", Kind, ticket=Ticket(body=text), passages=[])\n',
        "utf-8",
    )
    asked = ("drill", "triage", "--input", "It is broken", "--json")
    for rung in ("openai:gpt-5-mini", "anthropic:claude-haiku-4-5"):
        healthy = typed(*asked, "--fault", "crlf", "--set", f'answer.models=["{rung}"]')
        assert healthy.json["outcome"] == "ok", healthy.out
        violated = typed(*asked, "--fault", "schema_violation", "--set", f'answer.models=["{rung}"]')
        assert violated.json["outcome"] in ("failed", "degraded")
        assert violated.json["befell"] >= 1
        mended = typed(*asked, "--fault", "schema_violation@once", "--set", f'answer.models=["{rung}"]')
        assert mended.json["outcome"] == "ok", mended.out


def test_the_catalogue_is_listed_without_a_project(tmp_path: Path, typed: Type, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = typed("drill", "--fault", "list", "--json")
    assert [fault["name"] for fault in said.json] == list(FAULTS)
    shown = typed("drill", "--fault", "list")
    assert "accepts_never_answers" in shown.out


def test_all_faults_make_a_report_that_begins_without_one(folder: Path, typed: Type) -> None:
    said = typed("drill", "answer_ticket", "--fault", "all", *QUICK, "--set", "answer.deadline_ms=3000", "--json")
    names = [row["fault"] for row in said.json]
    assert names[0] == "none"
    assert said.json[0]["outcome"] == "ok"
    assert {"cut", "stall", "rate_limited", "refused", "html_200"} <= set(names)
    assert "bad_tool_arguments" not in names  # this feature has no tools
    failed = {row["fault"]: row["code"] for row in said.json if row["outcome"] == "failed"}
    assert set(failed) <= {"filtered_400", "filtered_finish", "refusal"}, failed


@pytest.mark.parametrize("fault", ["cutt", "cut@x", "cut@200%"])
def test_a_fault_that_does_not_exist_is_said_with_2(typed: Type, fault: str) -> None:
    assert typed("drill", "anything", "--fault", fault).code == 2
