"""The Zendesk feed reads tickets as conversations, and lets nothing land that nobody asked for."""

from __future__ import annotations

import pytest

from holdfast.corpus.sources.zendesk.feed import ZendeskFeed
from holdfast.errors import Misconfigured
from holdfast.testing.zendesk.support import SYSTEM
from holdfast.testing.zendesk.support_rows import CustomValue, Rating
from zendesk_reading import PRIVATE, desk, pass_time, reading, turns


async def test_a_ticket_is_a_conversation_of_customers_agents_and_the_system() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("It broke", "It does not start", kim.id, text_html="<p>It does not start</p>")
    pass_time(made, 60)
    made.support.comment(ticket.id, "Turn it on", ada.id)
    pass_time(made, 60)
    made.support.comment(ticket.id, "Closed after 4 days", SYSTEM)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        document = it.documents[str(ticket.id)]
        assert turns(document) == [
            ("customer", "<p>It does not start</p>"),
            ("agent", "Turn it on"),
            ("system", "Closed after 4 days"),
        ]
        assert document.title == "It broke"
        assert document.principals == ("staff",)
        assert document.media_type == "application/vnd.holdfast.conversation+json"
        assert document.url is not None
        assert document.url.endswith(f"/agent/tickets/{ticket.id}")


async def test_of_an_internal_note_nothing_lands_and_nothing_is_made() -> None:
    made, kim, ada = desk()
    mixed = made.support.create("Refund", "Where is my money?", kim.id)
    made.support.comment(mixed.id, f"{PRIVATE} he is a fraud", ada.id, public=False)
    made.support.comment(mixed.id, "On its way", ada.id)
    begun = made.support.create("By phone", f"{PRIVATE} she shouted", ada.id)  # its description is this note
    made.support.comments(begun.id)[0].public = False
    made.support.comment(begun.id, "As said on the phone", ada.id)
    closed = made.support.create(f"{PRIVATE} our own", f"{PRIVATE} words", ada.id)
    made.support.comments(closed.id)[0].public = False
    closed.is_public = False
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        assert turns(it.documents[str(mixed.id)]) == [("customer", "Where is my money?"), ("agent", "On its way")]
        assert turns(it.documents[str(begun.id)])[0][1] == "As said on the phone"
        assert it.passed == {str(closed.id): "internal ticket: nothing in it is public"}
        await it.fetch(str(mixed.id), str(begun.id), str(closed.id))
        assert PRIVATE not in it.kept_text
        assert PRIVATE not in str(it.offered)
        assert PRIVATE in "".join(c.body for own in (1, 2, 3) for c in made.support.comments(own))


async def test_notes_land_when_they_are_asked_for_and_are_gone_when_they_are_not_any_more() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("Refund", "Where is my money?", kim.id)
    made.support.comment(ticket.id, f"{PRIVATE} a note", ada.id, public=False)
    pass_time(made)
    async with reading(made, content="tickets", internal_notes=True) as it:
        await it.sync()
        assert ("agent", f"{PRIVATE} a note") in turns(it.documents[str(ticket.id)])
        it.options["internal_notes"] = False
        before = it.landing.mark
        assert PRIVATE not in str(it.offered)  # at once, before anything is read again
        await it.sync()
        assert it.landing.touched(before) == {str(ticket.id)}
        it.landing.forget(it.landing.mark)
        assert PRIVATE not in it.kept_text


async def test_addresses_places_and_devices_never_land() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("Hello", "Words", kim.id)
    made.support.comment(ticket.id, "Answer", ada.id)
    made.support.update(ticket.id, ada.id, priority="high")
    pass_time(made)
    async with reading(made, content="tickets", internal_notes=True) as it:
        await it.sync()
        await it.fetch(str(ticket.id))
        for word in ("203.0.113.7", "Mozilla", "Oslo", "kim@example.com", "metadata"):
            assert word not in it.kept_text


async def test_deleted_scrubbed_and_restored_tickets() -> None:
    made, kim, _ada = desk()
    tickets = [made.support.create(f"Ticket {n}", f"Words {n}", kim.id) for n in range(4)]
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        made.support.delete(tickets[0].id)
        made.support.scrub(tickets[1].id)
        pass_time(made)
        await it.sync()
        assert set(it.documents) == {str(tickets[2].id), str(tickets[3].id)}
        assert set(it.passed.values()) == {"deleted ticket"}
        it.landing.forget(it.landing.mark)
        assert "Words 0" not in it.kept_text
        assert "Words 1" not in it.kept_text
        made.support.delete(tickets[2].id)
        await it.fetch(str(tickets[2].id))
        assert str(tickets[2].id) not in it.documents
        made.support.restore(tickets[0].id)
        pass_time(made)
        await it.sync()
        assert turns(it.documents[str(tickets[0].id)]) == [("customer", "Words 0")]


async def test_a_ticket_that_becomes_public_comes_with_its_public_comments_from_before() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("Hello", "Words", kim.id)
    ticket.is_public = False
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        made.support.update(ticket.id, ada.id, is_public=True)
        pass_time(made)
        await it.sync()
        assert turns(it.documents[str(ticket.id)]) == [("customer", "Words")]
        made.support.update(ticket.id, ada.id, is_public=False)
        pass_time(made)
        await it.sync()
        assert not it.documents
        it.landing.forget(it.landing.mark)
        assert "Words" not in it.kept_text


async def test_merged_and_follow_up_tickets_point_at_each_other() -> None:
    made, kim, ada = desk()
    one, two = (made.support.create(f"Ticket {n}", f"Words {n}", kim.id, status="open") for n in range(2))
    made.support.merge(one.id, two.id, ada.id)
    made.support.archive(two.id)
    three = made.support.follow_up(two.id, "Still broken", kim.id)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        merged = it.documents[str(one.id)].metadata
        assert (merged["merged"], merged["merged_into"]) == (True, str(two.id))
        assert "merged" not in it.documents[str(two.id)].metadata
        assert it.documents[str(three.id)].metadata["follow_up_of"] == str(two.id)
        assert it.documents[str(two.id)].metadata["followed_up_by"] == [str(three.id)]


async def test_titles_of_tickets_without_a_subject_and_with_placeholders() -> None:
    made, kim, _ = desk()
    made.people.dynamic_text("greeting", {1: "Welcome", 2: "Bienvenue"})
    subjects = (None, "   ", "{{dc.greeting}} aboard", "{{dc.unknown}} aboard")
    tickets = [made.support.create(subject, "My printer burns", kim.id) for subject in subjects]
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        titles = [it.documents[str(ticket.id)].title for ticket in tickets]
        assert titles == ["My printer burns", "My printer burns", "Welcome aboard", "aboard"]


async def test_metadata_speaks_in_labels_and_takes_nothing_that_was_typed_freely() -> None:
    made, kim, _ = desk()
    made.people.dynamic_text("pro", {1: "Professional"})
    plan = made.people.field("Plan", "tagger", {"plan_pro": "Paid::{{dc.pro}}", "plan_free": "Free"})
    areas = made.people.field("Areas", "multiselect", {"a": "Login", "b": "Billing"})
    free = made.people.field("Passport number", "text")
    custom = [CustomValue(id=plan.id, value="plan_pro"), CustomValue(id=areas.id, value=["b", "a"])]
    ticket = made.support.create("Hi", "Words", kim.id, custom=[*custom, CustomValue(id=free.id, value="X-123456")])
    brand = made.help_center.default_brand
    ticket.brand_id, ticket.priority, ticket.tags = brand.id, "high", ["vip"]
    ticket.satisfaction_rating = Rating(id=1, score="bad", comment="X-123456 awful")
    old = made.support.create("Old", "Words", kim.id)
    old.satisfaction_rating = "good"
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        told = it.documents[str(ticket.id)].metadata
        assert told["fields"] == {"Plan": "Paid > Professional", "Areas": ["Billing", "Login"]}
        assert (told["brand"], told["priority"], told["tags"]) == (brand.name, "high", ["vip"])
        assert told["satisfaction"] == "bad"
        assert it.documents[str(old.id)].metadata["satisfaction"] == "good"
        assert "X-123456" not in it.kept_text


async def test_what_the_settings_leave_out_is_passed_with_its_reason() -> None:
    made, kim, _ = desk()
    spammer = made.people.user("Spam", "spam@example.com")
    kept = made.support.create("Kept", "Words", kim.id, status="solved")
    kept.brand_id = made.help_center.default_brand.id
    made.support.create("Open", "Words", kim.id)
    other = made.support.create("Other brand", "Words", kim.id, status="solved")
    other.brand_id = made.help_center.brand("Labs", "acme-labs").id
    made.support.create("Spam", "Words", spammer.id, status="solved")
    made.people.suspend(spammer.id)
    pass_time(made)
    options = {"statuses": ["solved", "closed"], "brands": ["acme"]}
    async with reading(made, content="tickets", **options) as it:
        await it.sync()
        assert set(it.documents) == {str(kept.id)}
        assert sorted(it.passed.values()) == [
            "its brand is not asked for",
            "its requester is suspended, as senders of spam are",
            "status open is not asked for",
        ]


async def test_since_a_start_the_tickets_touched_since_come_with_all_their_comments() -> None:
    made, kim, ada = desk()
    old = made.support.create("Old", "From before", kim.id)
    never = made.support.create("Never", "Not touched", kim.id)
    pass_time(made, 86_400 * 10)
    made.support.comment(old.id, "Since then", ada.id)
    pass_time(made)
    async with reading(made, content="tickets", start="2026-03-05") as it:
        await it.sync()
        assert [words for _, words in turns(it.documents[str(old.id)])] == ["From before", "Since then"]
        assert str(never.id) not in it.offered


async def test_authors_that_are_gone_do_not_answer_for_the_company() -> None:
    made, kim, ada = desk()
    ticket = made.support.create("Hello", "Words", kim.id)
    made.support.comment(ticket.id, "Answer", ada.id)
    made.people.delete(kim.id, for_good=True)
    made.people.delete(ada.id, for_good=True)
    pass_time(made)
    async with reading(made, content="tickets") as it:
        await it.sync()
        assert turns(it.documents[str(ticket.id)]) == [("customer", "Words"), ("customer", "Answer")]


def test_notes_for_everybody_are_refused() -> None:
    with pytest.raises(Misconfigured) as failure:
        ZendeskFeed(subdomain="acme", oauth_token="t", content="tickets", internal_notes=True, principals=())
    assert failure.value.code == "HF100"
