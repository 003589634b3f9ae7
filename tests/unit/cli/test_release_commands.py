"""`holdfast release` at a real project: freeze, promote, answer, go back."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.said import Type

ASKED = "How many days until I get my refund?"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_a_project_without_releases_says_that_the_working_tree_answers(folder: Path, typed: Type) -> None:
    said = typed("release", "list", "--json")
    assert [(each["name"], each["live"]) for each in said.json["releases"]] == [("working", True)]
    assert "answers now" in typed("release", "list").out


def test_what_was_promoted_answers_while_the_working_tree_changes_until_it_is_rolled_back(
    folder: Path, typed: Type
) -> None:
    created = typed("release", "create", "spring", "--json").json
    assert (created["new"], created["corpora"]) == (True, {"help_center": "v1"})
    assert typed("release", "promote", "spring").out == "spring answers now, working did before\n"
    edit(folder / "holdfast.toml", "k = 4", "k = 1")

    def answered(*more: str) -> tuple[str, int]:
        recording = typed("run", "answer_ticket", ASKED, "--json", *more).json
        return recording["release"], recording["steps"][0]["effect"]["search"]["k"]

    assert answered() == (created["id"], 4)
    assert answered("--release", "working")[1] == 1
    back = typed("release", "rollback", "--json").json
    assert (back["live"], back["before"], back["promotion"]["rollback"]) == ("working", "spring", True)
    assert answered()[1] == 1
    assert answered("--release", "spring") == (created["id"], 4)
    nothing = typed("release", "rollback")
    assert nothing.code == 5
    assert "holdfast release promote NAME" in nothing.err


def test_a_rollback_needs_neither_code_nor_prompts_that_work(folder: Path, typed: Type) -> None:
    typed("release", "create", "one")
    typed("release", "promote", "one")
    (folder / "features.py").write_text("nonsense(", "utf-8")
    (folder / "prompts" / "answer.md").unlink()
    assert typed("release", "rollback").out == "working answers now, one did before\n"


def test_a_difference_is_shown_in_words_with_the_lines_of_the_prompt(folder: Path, typed: Type) -> None:
    typed("release", "create", "spring")
    edit(folder / "holdfast.toml", 'models = ["openai:gpt-5-mini", ', 'models = ["local:small", ')
    with (folder / "prompts" / "answer.md").open("a") as file:
        file.write("\nAnswer in one sentence.\n")
    (folder / "data" / "opening.md").write_text("# Opening hours\n\nWe open at nine.\n", "utf-8")
    typed("sync")
    typed("release", "create", "summer")
    shown = typed("release", "diff", "spring", "summer").out
    assert "  answer.models: openai:gpt-5-mini > anthropic:claude-haiku-4-5 > extractive -> local:small > " in shown
    assert "  prompt prompts/answer.md: +2 -0 lines\n" in shown
    assert "    +Answer in one sentence.\n" in shown
    assert "  corpus help_center: v1 -> v2 (1 document changed)\n" in shown
    assert typed("release", "diff", "summer", "summer").out == "from summer to summer\n  the same in everything\n"


def test_code_that_changed_since_is_said_by_list_and_promote(folder: Path, typed: Type) -> None:
    typed("release", "create", "spring")
    edit(folder / "features.py", "ticket.subject or ''", "ticket.subject or 'none'")
    assert "other code now: answer_ticket" in typed("release", "list").out
    promoted = typed("release", "promote", "spring")
    assert promoted.code == 0
    assert "the code of answer_ticket is not what it was when spring was created" in promoted.err
    assert typed("release", "diff", "spring", "working", "--json").json["words"] == [
        "corpus help_center: v1 -> latest (v1) (the same documents)",
        "feature answer_ticket: its code changed",
    ]


def test_versions_that_a_release_names_outlive_syncs(folder: Path, typed: Type) -> None:
    edit(folder / "holdfast.toml", 'path = "data"', 'path = "data"\nkeep = 1')
    typed("release", "create", "spring")
    for number in range(3):
        (folder / "data" / "new.md").write_text(f"# New\n\nNumber {number}.\n", "utf-8")
        typed("sync")
    versions = typed("corpus", "list", "--json").json["corpora"][0]["versions"]
    assert [each["name"] for each in versions] == ["v4", "v1"]
    recording = typed("run", "answer_ticket", ASKED, "--release", "spring", "--json").json
    assert recording["steps"][0]["effect"]["corpus"] == "help_center@v1"


def test_wrong_names_say_what_to_type(folder: Path, typed: Type) -> None:
    typed("release", "create", "spring")
    edit(folder / "holdfast.toml", "k = 4", "k = 1")
    taken = typed("release", "create", "spring")
    assert (taken.code, taken.out) == (2, "")
    assert "holdfast release diff spring working" in taken.err
    assert "did you mean 'spring'" in typed("release", "promote", "sprign").err
    assert typed("release", "create", "working").code == 2
    assert typed("release", "create", "other", "--latest", "help_centre").code == 2
    assert "did you mean 'spring'" in typed("run", "answer_ticket", ASKED, "--release", "sprign").err
