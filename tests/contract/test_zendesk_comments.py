"""The Zendesk feed has every comment of every ticket, however many there are and whatever befalls the export."""

from __future__ import annotations

import random

import pytest

from holdfast.errors import Misconfigured
from holdfast.testing.zendesk import Account, faults
from zendesk_reading import PRIVATE, Reading, desk, pass_time, reading, turns


async def test_a_comment_made_private_and_one_redacted_change_with_the_next_sync_or_webhook() -> None:
    for by_webhook in (False, True):
        made, kim, ada = desk()
        ticket = made.support.create("Card", "My card is 4111 1111", kim.id)
        wrong = made.support.comment(ticket.id, f"{PRIVATE} meant for us", ada.id)
        pass_time(made)
        async with reading(made, content="tickets") as it:
            await it.sync()
            made.support.redact(ticket.id, made.support.comments(ticket.id)[0].id, "4111 1111")
            made.support.make_private(ticket.id, wrong.id)
            pass_time(made)
            await (it.fetch(str(ticket.id)) if by_webhook else it.sync())
            assert turns(it.documents[str(ticket.id)]) == [("customer", "My card is ▇▇▇▇▇▇▇▇▇")]
            it.landing.forget(it.landing.mark)
            assert PRIVATE not in it.kept_text
            assert "4111" not in it.kept_text


async def test_a_voice_comment_is_what_was_said() -> None:
    made, kim, _ = desk()
    ticket = made.support.create("Call", "Words", kim.id)
    call = made.support.comment(ticket.id, "Call from: +4712345678\nTime of call: noon", kim.id)
    call.type, call.data = "VoiceComment", {"transcription_text": "My phone is dead", "recording_url": "https://rec"}
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        assert turns(it.documents[str(ticket.id)])[-1] == ("customer", "My phone is dead")
        assert "+4712345678" not in it.kept_text


async def test_a_ticket_of_5000_comments_comes_whole_by_events_and_by_webhook() -> None:
    made, kim, _ = desk()
    ticket = made.support.create("Long", "0", kim.id)
    for number in range(1, 5000):
        if number % 10 == 0:
            made.clock.advance(1)
        made.support.comment(ticket.id, str(number), kim.id)
    pass_time(made)
    wanted = [("customer", str(number)) for number in range(5000)]
    for by_webhook in (False, True):
        async with reading(made, content="tickets") as it:
            await (it.fetch(str(ticket.id)) if by_webhook else it.sync())
            assert turns(it.documents[str(ticket.id)]) == wanted


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports of a hundred rows a page, so that a test need not make thousands."""
    monkeypatch.setattr("holdfast.testing.zendesk.export_routes.MOST_A_PAGE", 100)


@pytest.mark.usefixtures("small_pages")
async def test_more_events_in_one_second_than_a_page_holds_do_not_loop_and_lose_nothing() -> None:
    made, kim, _ = desk()
    tickets = [made.support.create(f"Ticket {n}", f"Words {n}", kim.id) for n in range(110)]
    pass_time(made, 600)
    last = made.support.create("Last", "Last words", kim.id)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        assert len(it.documents) == 111
        for number, ticket in enumerate(tickets):
            assert turns(it.documents[str(ticket.id)]) == [("customer", f"Words {number}")]
        assert turns(it.documents[str(last.id)]) == [("customer", "Last words")]
        one_by_one = sum(seen.asked.path.endswith("/comments.json") for seen in it.server.requests)
        await it.sync()
        assert sum(seen.asked.path.endswith("/comments.json") for seen in it.server.requests) == one_by_one


@pytest.mark.usefixtures("small_pages")
async def test_stopped_in_the_middle_of_such_a_second_it_goes_on_there() -> None:
    made, kim, _ = desk()
    tickets = [made.support.create(f"Ticket {n}", f"Words {n}", kim.id) for n in range(110)]
    pass_time(made)
    async with reading(made, content="tickets") as it:
        pages = 0
        while it.landing.cursor is None or not it.landing.cursor["events"].get("after"):
            pages += 1
            await it.sync(stop_after=pages)
        await it.sync(stop_after=4)
        await it.sync()
        assert {own: turns(one) for own, one in it.documents.items()} == {
            str(ticket.id): [("customer", f"Words {number}")] for number, ticket in enumerate(tickets)
        }


async def test_an_event_without_a_body_is_asked_for_by_its_ticket() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("Hello", "Words", kim.id)
    comment = made.support.comment(ticket.id, "Answer", ada.id)
    whole = (comment.body, comment.html_body, comment.plain_body)
    comment.body = comment.html_body = comment.plain_body = ""
    pass_time(made)

    def back(_: Account) -> None:
        comment.body, comment.html_body, comment.plain_body = whole

    async with reading(made, content="tickets") as it:
        it.server.on_request(lambda asked: asked.path.endswith("/comments.json"), faults.meanwhile(back))
        await it.sync()
        assert turns(it.documents[str(ticket.id)]) == [("customer", "Words"), ("agent", "Answer")]


async def test_an_empty_page_is_not_the_end_of_an_export_unless_it_says_so() -> None:
    made, kim, _ = desk()
    for number in range(3):
        made.support.create(f"Ticket {number}", f"Words {number}", kim.id)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        for export in ("tickets/cursor", "ticket_events"):
            it.server.on_request(lambda asked, part=export: part in asked.path, faults.emptied(), times=3)
        await it.sync()
        assert len(it.documents) == 3
    async with reading(made, content="tickets") as it:
        it.server.on_request(lambda asked: "tickets/cursor" in asked.path, faults.emptied(), times=None)
        with pytest.raises(Misconfigured) as failure:
            await it.sync()
        assert failure.value.code == "HF114"


async def test_a_cursor_that_expired_begins_a_little_before_where_it_was() -> None:
    made, kim, _ = desk()
    made.support.create("One", "Words 1", kim.id)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        made.expire_cursors()
        made.support.create("Two", "Words 2", kim.id)
        pass_time(made)
        await it.sync()
        assert len(it.documents) == 2
        starts = [seen.asked.query.get("start_time") for seen in it.server.requests if "cursor" in seen.asked.path]
        assert starts[0] == "0"
        assert [int(start) for start in starts[1:] if start] == [1_772_442_000 - 300]


async def test_what_is_too_young_for_the_export_comes_with_a_later_sync() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("One", "Words", kim.id)
    pass_time(made)
    made.support.comment(ticket.id, "Just now", ada.id)
    async with reading(made, content="tickets") as it:
        await it.sync()
        pass_time(made, 61)
        await it.sync()
        assert turns(it.documents[str(ticket.id)]) == [("customer", "Words"), ("agent", "Just now")]


async def test_a_sync_without_changes_asks_little_and_changes_nothing() -> None:
    made, kim, _ = desk()
    for number in range(30):
        pass_time(made, 900)
        made.support.create(f"Ticket {number}", f"Words {number}", kim.id)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        mark, asked = it.landing.mark, len(it.server.requests)
        await it.sync()
        assert it.landing.mark == mark
        assert len(it.server.requests) - asked <= 6


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_changes_the_conversations_are_what_the_account_holds(seed: int) -> None:
    chance = random.Random(seed)
    made, kim, ada = desk()
    made.support.create("First", "Words", kim.id)
    gone: list[int] = []

    def step() -> None:
        made.clock.advance(chance.choice((0, 0, 1, 90)))
        alive = [own for own in made.support.ids() if own not in gone]
        kind = chance.randrange(9)
        if kind < 2 or not alive:
            made.support.create(f"New {chance.random()}", f"Words {chance.random()}", kim.id)
        elif kind < 5:
            public = chance.random() < 0.6
            words = f"{'said' if public else PRIVATE} {chance.random()}"
            made.support.comment(chance.choice(alive), words, chance.choice((kim.id, ada.id)), public=public)
        elif kind == 5:
            gone.append(chance.choice(alive))
            made.support.delete(gone[-1])
        elif kind == 6 and gone:
            made.support.restore(gone.pop(chance.randrange(len(gone))))
        elif kind == 7:
            own = chance.choice(alive)
            made.support.make_private(own, chance.choice(made.support.comments(own)).id)
        else:
            own = chance.choice(alive)
            comment = chance.choice(made.support.comments(own))
            made.support.redact(own, comment.id, comment.body[-3:])

    async with reading(made, content="tickets") as it:
        for _ in range(12):
            for _ in range(chance.randrange(1, 15)):
                step()
            await it.sync(stop_after=chance.choice((2, 3, None)))
        pass_time(made)
        await it.sync()
        assert held(it) == expected(made, gone)
        assert PRIVATE not in it.kept_text


def held(it: Reading) -> dict[str, list[str]]:
    return {own: [words for _, words in turns(one)] for own, one in it.documents.items()}


def expected(made: Account, gone: list[int]) -> dict[str, list[str]]:
    public = {own: [c.body for c in made.support.comments(own) if c.public] for own in made.support.ids()}
    return {str(own): words for own, words in public.items() if words and own not in gone}
