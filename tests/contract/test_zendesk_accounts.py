"""The accounts that come ready: the sample has every edge case, the big one is exact and takes no room."""

from __future__ import annotations

import tracemalloc

from tests.contract.zendesk_asking import every, get

from holdfast.testing.zendesk import NOTE_WORD, ManyTickets, ZendeskServer, big_account, faults, sample_account
from holdfast.testing.zendesk.big import STEP_S
from holdfast.testing.zendesk.sample_html import BODIES
from holdfast.testing.zendesk.sample_words import HTML, PLAIN

EXPORT = "/api/v2/incremental/tickets/cursor.json?start_time=0"
EVENTS = "/api/v2/incremental/ticket_events.json?include=comment_events&start_time=0"


async def test_the_sample_has_an_article_for_every_habit_of_html_and_every_turn_of_its_life() -> None:
    async with ZendeskServer(sample_account(1)) as server:
        rows = await every(server, "/api/v2/help_center/articles.json?page[size]=100", "articles", "links.next")
        public = (await get(server, "/api/v2/help_center/en-us/articles.json?page[size]=100", None)).json["articles"]
    bodies = {row["title"]: row["body"] for row in rows}
    assert {name: bodies[name] for name in BODIES} == BODIES
    assert bodies["body null"] is None
    assert len(bodies["half a megabyte"]) > 400_000
    assert "archived" not in bodies
    assert {row["title"] for row in rows if row["draft"]} == {"back to draft", "never published"}
    hidden = {"back to draft", "never published", "for staff", "for signed-in users"}
    assert {row["title"] for row in rows} - {row["title"] for row in public} == hidden
    assert [row["title"] for row in rows].count("How long refunds take") == 2


async def test_the_samples_internal_notes_are_marked_and_never_public() -> None:
    async with ZendeskServer(sample_account(1)) as server:
        events = (await get(server, EVENTS)).json["ticket_events"]
        tickets = (await get(server, EXPORT)).json["tickets"]
    comments = [child for event in events for child in event["child_events"] if child["event_type"] == "Comment"]
    notes = [comment for comment in comments if not comment["public"]]
    assert len(notes) > len(PLAIN) + len(HTML)
    assert all(NOTE_WORD in note["body"] for note in notes)
    assert not [comment for comment in comments if comment["public"] and NOTE_WORD in comment["body"]]
    said = {comment["body"] for comment in comments}
    assert set(PLAIN.values()) <= said
    assert {"deleted", "closed"} <= {ticket["status"] for ticket in tickets}
    assert {type(ticket["satisfaction_rating"]).__name__ for ticket in tickets} == {"NoneType", "dict", "str"}
    assert any(ticket["subject"] is None for ticket in tickets)
    assert any(ticket["raw_subject"] == "{{dc.outage}}" for ticket in tickets)
    assert any(ticket["subject"] == "SCRUBBED" for ticket in tickets)


def test_a_seed_gives_the_same_sample_each_time_and_another_seed_another_order() -> None:
    titles = [
        [account.help_center.translations[key].title for key in account.help_center.translations]
        for account in (sample_account(1), sample_account(1), sample_account(2))
    ]
    assert titles[0] == titles[1] != titles[2]
    assert sorted(titles[0]) == sorted(titles[2])


async def test_a_big_account_is_exported_whole_in_pages_of_a_thousand() -> None:
    account = big_account(3_500)
    past = account.support.past
    assert isinstance(past, ManyTickets)
    async with ZendeskServer(account) as server:
        tickets = await every(server, EXPORT, "tickets", "after_url")
        assert [ticket["id"] for ticket in tickets] == list(range(1, 3_501))
        assert server.count("export") == 4
        assert all((ticket["status"] == "deleted") == past.deleted(ticket["id"]) for ticket in tickets)
        events = {event["id"]: event for event in await every(server, EVENTS, "ticket_events")}
        count = (await get(server, "/api/v2/tickets/count.json")).json["count"]["value"]
    scrubbed = [ticket for ticket in tickets if past.scrubbed(ticket["id"])]
    assert len(scrubbed) == 18
    assert {(row["status"], row["subject"], row["description"]) for row in scrubbed} == {("deleted", *["SCRUBBED"] * 2)}
    assert sum(ticket["status"] == "deleted" for ticket in tickets) == 70 + 18
    comments = [
        child for event in events.values() for child in event["child_events"] if child["event_type"] == "Comment"
    ]
    expected = [comment.id for number in range(1, 3_501) for comment in past.comments(number)]
    assert sorted(comment["id"] for comment in comments) == expected
    assert all((NOTE_WORD in c["body"]) == (not c["public"]) for c in comments if c["body"] != "SCRUBBED")
    assert count == sum(past.listed(number) for number in range(1, 3_501))
    assert "closed_by_merge" in tickets[42]["tags"]


def test_a_big_account_takes_no_room_for_its_tickets() -> None:
    tracemalloc.start()
    try:
        account = big_account(100_000, customers=10)
        for _ in account.support.changed_since(0):
            pass
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000
    assert peak < 2_000_000


async def test_what_befalls_a_ticket_of_the_past_moves_it_to_the_end_and_shows_in_its_old_events() -> None:
    account = big_account(50)
    first = account.support.comments(10)[0]
    account.support.redact(10, first.id, "order 10")
    account.support.delete(20)
    new = account.support.create("New", "Words", account.admin.id)
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        tickets = (await get(server, EXPORT)).json["tickets"]
        assert [ticket["id"] for ticket in tickets][-3:] == [10, 20, new.id]
        assert len(tickets) == len({ticket["id"] for ticket in tickets}) == 51
        events = await get(server, EVENTS)
        assert "order 10." not in events.raw.decode()
        assert "order 12." in events.raw.decode()


async def test_an_export_that_starts_in_the_middle_of_the_past_has_the_rest_of_it() -> None:
    account = big_account(50)
    middle_s = account.support.past.ended_s - 20 * STEP_S
    async with ZendeskServer(account) as server:
        tickets = (await get(server, EXPORT.replace("start_time=0", f"start_time={middle_s}"))).json["tickets"]
        events = (await get(server, EVENTS.replace("start_time=0", f"start_time={middle_s}"))).json["ticket_events"]
    assert [ticket["id"] for ticket in tickets] == list(range(31, 51))
    assert {event["ticket_id"] for event in events} == set(range(31, 51))


async def test_a_bulk_edit_puts_more_tickets_into_one_second_than_a_page_holds() -> None:
    account = big_account(1_200)

    def edit(_: object) -> None:
        for number in range(1, 1_201):
            account.support.update(number, tags=["edited"])
        account.clock.advance(60)

    async with ZendeskServer(account) as server:
        server.on_request(1, faults.meanwhile(edit))
        tickets = await every(server, EXPORT, "tickets", "after_url")
        assert [ticket["id"] for ticket in tickets] == list(range(1, 1_201))
        assert len({ticket["generated_timestamp"] for ticket in tickets}) == 1
