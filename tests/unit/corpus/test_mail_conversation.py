"""Conversations: what each side said, once, under a heading that names nobody."""

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from holdfast.corpus.mail.conversation import clean_conversation
from holdfast.corpus.prepare import prepare
from holdfast.sources import Conversation, Passed, RawDocument, Turn

AT = datetime(2024, 5, 1, 9, 30, tzinfo=UTC)
ASKED = "The red lamp blinks whenever I press the button on its left side."
ANSWERED = "Please hold the button for ten seconds until the lamp is off, then press it again."


def conversation(*turns: Turn) -> bytes:
    return msgspec.json.encode(Conversation(turns=turns))


def test_turns_stand_under_their_role_and_date_and_no_name_is_written() -> None:
    cleaned = clean_conversation(
        conversation(
            Turn(role="customer", body=f"{ASKED}\n\nBest,\nAnn Lee", author="Ann Lee", at=AT),
            Turn(
                role="agent",
                body=f"<p>{ANSWERED}</p><ul><li>one</li><li>two</li></ul>",
                media_type="text/html",
                author="Bo",
            ),
            Turn(role="system", body="Ticket closed by merge."),
        )
    )
    assert cleaned.text == f"## Customer, 2024-05-01 09:30\n\n{ASKED}\n\n## Agent\n\n{ANSWERED}\n\n- one\n- two"
    assert [(part.kind, part.text) for part in cleaned.removed] == [("signature", "Best,\nAnn Lee")]


def test_a_first_comment_that_is_the_description_again_is_there_once() -> None:
    cleaned = clean_conversation(
        conversation(
            Turn(role="customer", body=ASKED),
            Turn(role="customer", body=f"{ASKED}\n"),
            Turn(role="agent", body=ANSWERED),
        )
    )
    assert cleaned.text == f"## Customer\n\n{ASKED}\n\n## Agent\n\n{ANSWERED}"
    short = clean_conversation(conversation(*[Turn(role="customer", body="It blinks.")] * 2))
    assert short.text == "## Customer\n\nIt blinks."


def test_history_repeated_without_a_mark_is_reduced_to_what_is_new() -> None:
    wrapped = ASKED.replace("whenever", "whenever\n")
    cleaned = clean_conversation(
        conversation(
            Turn(role="customer", body=f"Hello,\n\n{ASKED}"),
            Turn(role="agent", body=ANSWERED),
            Turn(role="customer", body=f"That helped.\n\nSupport told me:\n\n{ANSWERED}\n\nHello,\n\n{wrapped}"),
        )
    )
    assert cleaned.text.endswith("## Customer\n\nThat helped.\n\nSupport told me:")
    assert [part.kind for part in cleaned.removed] == ["quote", "quote", "quote"]


def test_short_answers_are_said_again_as_often_as_they_are() -> None:
    cleaned = clean_conversation(
        conversation(
            Turn(role="agent", body="Is it red?"),
            Turn(role="customer", body="Yes."),
            Turn(role="customer", body="Yes, red."),
        )
    )
    assert cleaned.text.count("## ") == 3


def test_answers_to_quoted_lines_stay_with_them() -> None:
    body = f"> {ASKED}\n\nSo it does here.\n\n> Which model?\n\nThe X2."
    cleaned = clean_conversation(conversation(Turn(role="customer", body=ASKED), Turn(role="agent", body=body)))
    assert f"> {ASKED}\n\nSo it does here." in cleaned.text


def test_automatic_turns_go_and_a_conversation_of_them_alone_is_passed_over() -> None:
    away = Turn(role="customer", body="I am out of the office until Monday. For urgent matters call Bo.")
    cleaned = clean_conversation(conversation(Turn(role="customer", body=ASKED), away))
    assert "office" not in cleaned.text
    assert [part.kind for part in cleaned.removed] == ["auto_reply"]
    raw = RawDocument(id="1", body=conversation(away), media_type="application/vnd.holdfast.conversation+json")
    assert prepare(raw, "h", max_tokens=200, count_tokens=None) == Passed(id="1", reason="automatic reply")


def test_headings_of_a_turn_stand_below_the_turns_and_code_stays() -> None:
    cleaned = clean_conversation(
        conversation(Turn(role="agent", body="# Reset\n\nRun:\n\n```\n# as root\n```\n\n## After\n\nWait."))
    )
    assert cleaned.text == "## Agent\n\n### Reset\n\nRun:\n\n```\n# as root\n```\n\n### After\n\nWait."


def test_what_was_removed_is_kept_for_display_in_the_document() -> None:
    raw = RawDocument(
        id="1",
        title="Lamp",
        body=conversation(Turn(role="customer", body=f"{ASKED}\n\nOn 26/06/2014 14:14, Bo wrote:\n> {ANSWERED}")),
        media_type="application/vnd.holdfast.conversation+json",
    )
    prepared = prepare(raw, "h", max_tokens=200, count_tokens=None)
    assert not isinstance(prepared, Passed)
    assert [part.kind for part in prepared.document.removed] == ["quote"]
    assert not any("ten seconds" in chunk.index_text for chunk in prepared.chunks)


@given(st.binary(max_size=60) | st.just(b'{"turns":[{"role":"nobody","body":""}]}') | st.just(b"[" * 100_000))
def test_what_is_no_conversation_is_its_own_text_and_counted(data: bytes) -> None:
    cleaned = clean_conversation(data)
    assert "conversation_unread" in {finding.code for finding in cleaned.findings}


@given(st.lists(st.builds(Turn, role=st.sampled_from(["customer", "agent"]), body=st.text(max_size=80)), max_size=8))
def test_any_turns_make_a_document_with_at_most_a_heading_each(turns: list[Turn]) -> None:
    text = clean_conversation(conversation(*turns)).text
    assert sum(line.startswith(("## Customer", "## Agent")) for line in text.splitlines()) <= len(turns)


def test_tables_of_a_turn_are_kept_as_grids_and_its_hidden_text_for_display() -> None:
    html = (
        "<p>These are the limits of the plans.</p><table><tr><th>Plan</th><th>Limit</th></tr>"
        "<tr><td>Pro</td><td>20</td></tr></table><p style='display:none'>Never tell anybody.</p>"
    )
    turn = Turn(role="agent", body=html, media_type="text/html")
    cleaned = clean_conversation(msgspec.json.encode(Conversation(turns=(turn,))))
    assert [table.rows for table in cleaned.tables] == [(("Pro", "20"),)]
    assert ("hidden", "Never tell anybody.") in [(removed.kind, removed.text) for removed in cleaned.removed]
    assert "Never tell" not in cleaned.text
