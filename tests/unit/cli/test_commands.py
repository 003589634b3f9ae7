"""Each command at a real project: what it says to a person, what to a machine, and its exit code."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from holdfast.app import open_configured
from holdfast.config import load_config
from holdfast.evals.trying import Plan, begin
from holdfast.identity import recording_from_json

ASKED = "How many days until I get my refund?"
TICKETS = ("Where is my Parcel? Ärgerlich!", "refund of a parcel " * 20)
IN_THE_ARTICLE = "within 5 working days"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


# ---------------------------------------------------------------- new


def test_new_refuses_a_folder_with_something_in_it(tmp_path: Path, typed: Type) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    said = typed("new", str(tmp_path), "--json")
    assert said.code == 2
    assert "notes.txt" in said.error["message"]
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_new_takes_an_empty_folder_and_names_every_file(tmp_path: Path, typed: Type) -> None:
    (tmp_path / ".git").mkdir()
    said = typed("new", str(tmp_path), "--json")
    assert said.code == 0
    assert {".gitignore", "features.py", "prompts/answer.md", "data/refunds.md"} <= set(said.json["files"])
    assert all((tmp_path / name).is_file() for name in said.json["files"])


# ---------------------------------------------------------------- run


def test_run_shows_the_text_the_citation_and_what_became_of_it(folder: Path, typed: Type) -> None:
    said = typed("run", "answer_ticket", ASKED)
    assert said.code == 0
    assert IN_THE_ARTICLE in said.out
    assert "[1] Returns and refunds  https://help.larchlumen.example/refunds" in said.out
    assert "degraded: rung 3 of slot 'answer' answered (extractive), because openai" in said.out
    assert "next: holdfast replay last --set help_center.k=2" in said.out


def test_run_gives_a_machine_the_recording(folder: Path, typed: Type) -> None:
    said = typed("run", "answer_ticket", json.dumps({"body": ASKED}), "--json")
    recording = recording_from_json(said.out.encode())
    assert recording.outcome == "degraded"
    assert recording.input == {"body": ASKED}


@pytest.mark.parametrize(
    ("arguments", "code", "fix"),
    [
        (["answer_ticket"], "HF701", """holdfast run answer_ticket '{"body":"..."}'"""),
        (["answer_ticket", '{"bdy": "x"}'], "HF701", """holdfast run answer_ticket '{"body":"..."}'"""),
        (["answer_ticket", '{"body": '], "HF700", "holdfast run answer_ticket"),
        (["answer", "x"], "HF200", "answer_ticket"),
        (["answer_ticket", "x", "--release", "r_0"], "HF204", "none exist yet"),
        (["answer_ticket", "@nowhere.json"], "HF207", "path"),
    ],
)
def test_run_refuses_what_cannot_be_run(arguments: list[str], code: str, fix: str, folder: Path, typed: Type) -> None:
    said = typed("run", *arguments, "--json")
    assert (said.code, said.out) == (2, "")
    assert said.error["code"] == code
    assert fix in said.error["fix"]


def test_a_feature_that_raises_is_shown_with_its_line_and_is_not_fine(folder: Path, typed: Type) -> None:
    edit(folder / "features.py", "    return reply", "    return reply.txt")
    said = typed("run", "answer_ticket", ASKED)
    assert said.code == 2
    assert "failed: HF309" in said.out
    assert "features.py, line" in said.out
    assert "next: holdfast recordings show rec_" in said.out


def test_without_a_project_every_command_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["run", "f", "x"], ["sync"], ["keys", "list"], ["corpus", "list"], ["recordings", "list"], ["up"]):
        said = typed(*command, "--json")
        assert said.code == 2
        assert said.error["code"] == "HF101"
        assert "holdfast new" in said.error["fix"]


# ---------------------------------------------------------------- replay


def test_replay_says_what_was_remembered_and_what_differs(folder: Path, typed: Type) -> None:
    typed("run", "answer_ticket", ASKED)
    same = typed("replay", "last")
    assert same.code == 0
    assert "3 steps remembered, none redone" in same.out
    assert "the same answer" in same.out
    changed = typed("replay", "last", "--set", "answer.models=extractive", "--json").json
    assert (changed["remembered"], changed["redone"], changed["code_changed"]) == (2, 1, False)
    assert changed["diff"]["outcome_after"] == "ok"


def test_last_is_never_a_replay(folder: Path, typed: Type) -> None:
    first = typed("run", "answer_ticket", ASKED, "--json").json["id"]
    for _ in range(2):
        assert typed("replay", "last", "--json").json["recording"]["replay_of"] == first
    assert typed("recordings", "show", "last", "--json").json["id"] == first


def test_a_strict_replay_that_misses_names_the_step_and_is_not_fine(folder: Path, typed: Type) -> None:
    typed("run", "answer_ticket", ASKED)
    said = typed("replay", "last", "--strict", "--set", "help_center.k=1", "--json")
    assert said.code == 2
    assert said.error["code"] == "HF500"
    assert "retrieve help_center@v1" in said.error["message"]


def test_a_replay_where_pairs_each_recording_with_its_replay_and_sums_up(folder: Path, typed: Type) -> None:
    ids = [typed("run", "answer_ticket", text, "--json").json["id"] for text in (ASKED, "How do I cancel an order?")]
    typed("replay", "last")
    said = typed("replay", "--where", "outcome=degraded", "--set", "answer.models=extractive", "--json")
    assert said.code == 0
    trial, pairs = said.json["trial"], said.json["pairs"]
    assert (trial["better"], trial["worse"], trial["same"], trial["done"]) == (2, 0, 0, 2)
    assert sorted(each["recording"] for each in pairs) == sorted(ids)
    assert pairs[0]["why"] == ["outcome: degraded, then ok"]
    shown = typed("replay", "--where", "since=1h", "--set", "answer.models=extractive")
    assert "2 better, 0 worse, 0 the same" in shown.out
    assert "Nothing can be said yet" in shown.out
    assert "2 recordings match; all of them are replayed" in shown.err
    strict = typed("replay", "--where", "since=1h", "--set", "help_center.k=1", "--strict", "--json")
    assert (strict.code, strict.json["trial"]["not_compared"]) == (2, 2)


def test_a_forecast_replays_nothing(folder: Path, typed: Type) -> None:
    typed("run", "answer_ticket", ASKED)
    said = typed("replay", "--where", "since=1h", "--forecast", "--json")
    assert (said.code, said.json["chosen"], said.json["done"]) == (0, 1, 0)
    assert "1 recording matches" in said.err
    assert len(typed("recordings", "list", "--json").json["recordings"]) == 1


def test_a_trial_that_was_stopped_goes_on(folder: Path, typed: Type) -> None:
    async def begun() -> str:
        project = await open_configured(load_config(folder), encoder=False)
        try:
            return (await begin(project, Plan("since=1h", {"answer.models": "extractive"}))).id
        finally:
            await project.close()

    for n in range(3):
        typed("run", "answer_ticket", f"{ASKED} {n}")
    nothing = typed("replay", "--resume", "--json")
    assert (nothing.code, nothing.error["code"]) == (5, "HF210")
    trial_id = asyncio.run(begun())
    again = typed("replay", "--resume", "--json")
    assert again.code == 0
    assert (again.json["trial"]["id"], again.json["trial"]["done"]) == (trial_id, 3)
    assert typed("replay", "--resume", "--json").code == 5
    assert typed("replay", "--resume", "--where", "ms>1").code == 2


class Refusing(BaseHTTPRequestHandler):
    """A vendor that refuses every request for good, so that nothing is tried again."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_error(400)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_change_that_is_shown_to_be_worse_is_1(folder: Path, typed: Type) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as vendor:
        threading.Thread(target=vendor.serve_forever).start()
        with (folder / "holdfast.toml").open("a") as file:
            url = f"http://127.0.0.1:{vendor.server_port}/v1"
            file.write(f'\n[providers.refusing]\ndialect = "openai"\nbase_url = "{url}"\napi_key = "none-needed"\n')
        try:
            it_is_worse(typed, "--set", "answer.models=refusing:any")
        finally:
            vendor.shutdown()


def it_is_worse(typed: Type, *broken: str) -> None:
    for n in range(12):
        typed("run", "answer_ticket", f"{ASKED} {n}", "--json")
    said = typed("replay", "--where", "since=1h", *broken, "--json")
    assert (said.code, said.json["trial"]["evidence"]["says"]) == (1, "worse")
    assert "It is worse" in typed("replay", "--where", "since=1h", *broken).out


def test_a_wrong_expression_says_where(folder: Path, typed: Type) -> None:
    for command in (["replay"], ["recordings", "list"], ["recordings", "export"]):
        said = typed(*command, "--where", "feature=a and outcom=ok", "--json")
        assert (said.code, said.error["code"]) == (2, "HF713")
        assert "at character 15" in said.error["message"]


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["last"], "HF203", 5),
        (["--where", "outcome=failed"], "HF203", 5),
        (["rec_0"], "HF203", 2),
        ([], "HF100", 2),
        (["last", "--where", "outcome=ok"], "HF100", 2),
        (["last", "--set", "nonsense"], "HF100", 2),
    ],
)
def test_replay_says_when_there_is_nothing_to_replay(
    arguments: list[str], code: str, exit_code: int, folder: Path, typed: Type
) -> None:
    said = typed("replay", *arguments, "--json")
    assert (said.code, said.error["code"]) == (exit_code, code)


# ---------------------------------------------------------------- recordings


def test_recordings_are_listed_shown_and_exported(folder: Path, typed: Type) -> None:
    assert typed("recordings", "list", "--json").json == {"recordings": []}
    ids = [typed("run", "answer_ticket", ASKED, "--json").json["id"] for _ in range(3)]
    listed = typed("recordings", "list", "--limit", "2", "--json").json["recordings"]
    assert [each["id"] for each in listed] == ids[:0:-1]
    assert ids[0] in typed("recordings", "list").out
    shown = typed("recordings", "show", ids[0]).out
    assert "rung 1 openai:gpt-5-mini: no_key" in shown
    assert "check grounded" in shown
    lines = typed("recordings", "export").out.splitlines()
    assert [recording_from_json(line.encode()).id for line in lines] == ids[::-1]
    assert typed("recordings", "export", "--where", "outcome=failed").out == ""


def test_recordings_are_found_by_what_was_asked(folder: Path, typed: Type) -> None:
    ids = [typed("run", "answer_ticket", json.dumps({"body": body}), "--json").json["id"] for body in TICKETS]
    listed = typed("recordings", "list", "--text", "PARCEL ärger", "--json").json["recordings"]
    assert [(each["id"], each["asked"]) for each in listed] == [(ids[0], TICKETS[0])]
    shown = typed("recordings", "list", "--text", "parcel").out
    assert "asked" in shown.splitlines()[0]
    assert all(each in shown for each in ids)
    assert TICKETS[0] in shown
    assert len(shown.splitlines()) == 3  # one line each: what was asked ends where the terminal does
    assert typed("recordings", "list", "--text", "parcel", "--where", "outcome=failed").out == ""
    assert "no recording matches" in typed("recordings", "list", "--text", "100%").err


def test_an_export_to_a_file_is_whole_or_not_there(folder: Path, typed: Type) -> None:
    typed("run", "answer_ticket", ASKED)
    said = typed("recordings", "export", "--out", "all.jsonl", "--json")
    assert said.json == {"recordings": 1, "file": "all.jsonl"}
    assert recording_from_json((folder / "all.jsonl").read_bytes()).feature == "answer_ticket"
    nowhere = typed("recordings", "export", "--out", "no/such/all.jsonl", "--json")
    assert (nowhere.code, nowhere.error["code"]) == (3, "HF601")
    assert not list(folder.glob(".all*"))


def test_deleting_a_subject_says_what_was_deleted(folder: Path, typed: Type) -> None:
    typed("run", "answer_ticket", ASKED)
    said = typed("recordings", "delete", "--subject", "ada", "--yes", "--json")
    assert (said.code, said.json["recordings"]) == (0, 0)
    assert "deleted of 'ada': 0 recordings" in typed("recordings", "delete", "--subject", "ada", "--yes").out
    assert len(typed("recordings", "list", "--json").json["recordings"]) == 1


# ---------------------------------------------------------------- corpora


def test_sync_says_what_changed_and_versions_can_be_compared_and_restored(folder: Path, typed: Type) -> None:
    assert "nothing has changed" in typed("sync").out
    (folder / "data" / "refunds.md").unlink()
    (folder / "data" / "new.md").write_text("# Spare parts\n\nShades cost €24.", "utf-8")
    report = typed("sync", "help_center", "--json").json["reports"][0]
    assert (report["version"], report["added"], report["removed"]) == ("v2", 1, 1)
    diff = typed("corpus", "diff", "help_center", "v1", "--json").json
    assert (diff["added"], diff["removed"]) == (["new.md"], ["refunds.md"])
    assert "+ new.md" in typed("corpus", "diff", "help_center", "v1", "v2").out
    assert typed("corpus", "restore", "help_center", "v1", "--json").json == {"corpus": "help_center", "version": "v1"}
    versions = typed("corpus", "list", "--json").json["corpora"][0]["versions"]
    assert [(each["name"], each["current"]) for each in versions] == [("v2", False), ("v1", True)]
    assert "answers now" in typed("corpus", "list").out
    assert "6 documents" in typed("corpus", "show", "help_center", "v1").out


def test_corpus_show_says_what_the_last_sync_did(folder: Path, typed: Type) -> None:
    (folder / "data" / "lamp.psd").write_bytes(b"a picture")
    report = typed("sync", "help_center", "--json").json["reports"][0]
    last = typed("corpus", "show", "help_center", "--json").json["last_sync"]
    assert last["report"] == report
    said = typed("corpus", "show", "help_center")
    assert said.code == 0
    assert "): v1: nothing has changed; 6 documents" in said.out
    assert "passed over 1: not a kind of file that is read (.psd) (lamp.psd)" in said.out
    next(folder.rglob("last_sync.json")).unlink()
    assert typed("corpus", "show", "help_center", "--json").json["last_sync"] is None
    assert "last sync" not in typed("corpus", "show", "help_center").out


def test_a_corpus_that_cannot_be_synced_does_not_stop_the_others(folder: Path, typed: Type) -> None:
    with (folder / "holdfast.toml").open("a", encoding="utf-8") as file:
        file.write('\n[corpora.broken]\nsource = "folder"\npath = "nowhere"\n[slots.broken]\nk = 2\n')
    said = typed("sync", "broken", "help_center", "--json")
    assert said.code == 2
    assert [report["corpus"] for report in said.json["reports"]] == ["help_center"]
    assert said.json["failed"][0]["error"]["code"] == "HF109"
    assert typed("sync", "helpcenter", "--json").error["code"] == "HF202"


def test_a_project_without_corpora_has_nothing_to_sync(folder: Path, typed: Type) -> None:
    (folder / "holdfast.toml").write_text("", "utf-8")
    assert typed("sync", "--json").code == 5


# ---------------------------------------------------------------- keys, models, doctor


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(folder: Path, typed: Type) -> None:
    made = typed("keys", "create", "crm", "--scope", "act-as", "--json").json
    assert made["key"].startswith(f"hf_{made['id']}_")
    text = typed("keys", "create", "ci").out.strip()
    listed = typed("keys", "list", "--json")
    assert [(key["name"], key["scopes"]) for key in listed.json["keys"]] == [("crm", ["act-as"]), ("ci", [])]
    assert made["key"].rpartition("_")[2] not in listed.out
    assert typed("keys", "revoke", text, "--json").json["revoked_at"] is not None
    assert typed("keys", "revoke", "nobody", "--json").error["code"] == "HF205"
    assert typed("keys", "create", "x", "--scope", "all", "--json").error["code"] == "HF100"


def test_models_are_listed_with_the_rungs_that_are_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test-1234")
    rungs = typed("models", "list", "--json").json["ladders"][0]["rungs"]
    assert [rung["ready"] for rung in rungs] == [True, False, True]
    assert "ANTHROPIC_API_KEY" in rungs[1]["fix"]
    assert "passed over" in typed("models", "list").out


def test_doctor_is_content_with_a_new_project_and_names_what_is_missing(folder: Path, typed: Type) -> None:
    said = typed("doctor", "--json")
    assert said.code == 0
    assert said.json["ok"]
    found = {check["name"]: check for check in said.json["checks"]}
    assert {"python", "project", "configuration", "features", "prompts", "database", "storage"} <= found.keys()
    assert found["corpus help_center"]["status"] == "ok"
    assert (found["encoder"]["status"], found["slot answer"]["status"]) == ("warn", "warn")
    assert "OPENAI_API_KEY" in found["slot answer"]["fix"]
    assert "to mend" in typed("doctor").out


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "code"),
    [
        ("holdfast.toml", "[slots.answer]", "[slots.answer]\nmodel = 3", "configuration", 2),
        ("features.py", "import holdfast as hf", "import holdfast as hf, nothing_of_that_name", "features", 2),
        ("prompts/answer.md", "{% block system %}", "{% block system", "prompts", 2),
        ("holdfast.toml", ', "extractive"]', "]", "slot answer", 2),
        ("holdfast.toml", "sqlite:///.holdfast/holdfast.db", "sqlite:///features.py/x.db", "database", 3),
        ("holdfast.toml", '".holdfast/storage"', '"features.py/storage"', "storage", 3),
    ],
)
def test_doctor_finds_what_is_broken_and_goes_on(
    file: str, old: str, new: str, check: str, code: int, folder: Path, typed: Type
) -> None:
    edit(folder / file, old, new)
    said = typed("doctor", "--json")
    assert said.code == code
    found = {each["name"]: each for each in said.json["checks"]}
    assert found[check]["status"] == "fail"
    assert found[check]["fix"]
    assert "encoder" in found
