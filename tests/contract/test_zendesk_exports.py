"""The simulated Zendesk exports tickets and events as the API does, traps included."""

from __future__ import annotations

from tests.contract.zendesk_asking import desk, every, get

from holdfast.testing.zendesk import ZendeskServer, faults

EXPORT = "/api/v2/incremental/tickets/cursor.json"
EVENTS = "/api/v2/incremental/ticket_events.json?include=comment_events&start_time=0"

# The export by cursor


async def test_the_export_goes_by_cursor_in_pages_to_the_end_of_the_stream() -> None:
    async with ZendeskServer(desk(7)) as server:
        first = (await get(server, f"{EXPORT}?start_time=0&per_page=3")).json
        assert not first["end_of_stream"]
        assert set(first) == {"tickets", "after_cursor", "after_url", "before_cursor", "before_url", "end_of_stream"}
        assert first["after_cursor"] in first["after_url"].replace("%3D", "=")
        second = (await get(server, f"{EXPORT}?cursor={first['after_cursor']}&per_page=4")).json
        assert [row["id"] for row in first["tickets"] + second["tickets"]] == [1, 2, 3, 4, 5, 6, 7]
        assert second["end_of_stream"]
        caught_up = (await get(server, f"{EXPORT}?cursor={second['after_cursor']}")).json
        assert (caught_up["tickets"], caught_up["after_cursor"]) == ([], second["after_cursor"])


async def test_tickets_have_every_field_of_the_api_and_their_custom_fields_twice() -> None:
    account = desk(1)
    account.support.update(1, 1, custom_fields=[{"id": 7, "value": "eu"}])
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        (ticket,) = (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]
    assert ticket["fields"] == ticket["custom_fields"] == [{"id": 7, "value": "eu"}]
    named = "id url external_id subject raw_subject description status priority type tags via requester_id submitter_id"
    named += (
        " assignee_id organization_id group_id brand_id ticket_form_id custom_fields fields is_public has_incidents"
    )
    named += " problem_id followup_ids collaborator_ids email_cc_ids satisfaction_rating sharing_agreement_ids"
    named += " allow_channelback created_at updated_at generated_timestamp due_at"
    assert set(named.split()) <= set(ticket)


async def test_the_last_minute_is_in_no_export_and_a_start_in_it_is_refused() -> None:
    account = desk(1)
    late = account.support.create("Late", "Just now", account.admin.id)
    async with ZendeskServer(account) as server:
        assert [row["id"] for row in (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]] == [1]
        assert (await get(server, f"{EXPORT}?start_time={account.clock.now() - 59}")).status == 422
        account.clock.advance(60)
        rows = (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]
        assert [row["id"] for row in rows] == [1, late.id]


async def test_archived_and_deleted_tickets_are_exported_and_listed_nowhere() -> None:
    account = desk(3)
    account.support.archive(1)
    account.support.delete(2)
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        exported = (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]
        assert {row["id"]: row["status"] for row in exported} == {3: "open", 1: "closed", 2: "deleted"}
        listed = (await get(server, "/api/v2/tickets.json")).json["tickets"]
        assert [row["id"] for row in listed] == [3]
        assert (await get(server, "/api/v2/tickets/count.json")).json["count"]["value"] == 1
        many = (await get(server, "/api/v2/tickets/show_many.json?ids=1,2,3,99")).json
        assert sorted(row["id"] for row in many["tickets"]) == [1, 3]
        assert (await get(server, "/api/v2/tickets/2.json")).status == 404
        gone = (await get(server, "/api/v2/deleted_tickets.json")).json["deleted_tickets"]
        assert [row["id"] for row in gone] == [2]


async def test_leaving_deleted_tickets_out_may_leave_a_page_empty_before_the_end() -> None:
    account = desk(4)
    for number in (1, 2, 3, 4):
        account.support.update(number, status="open" if number == 4 else "deleted")
        account.clock.advance(1)
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        first = (await get(server, f"{EXPORT}?start_time=0&per_page=3&exclude_deleted=true")).json
        assert (first["tickets"], first["end_of_stream"]) == ([], False)
        second = (await get(server, first["after_url"])).json
        assert [row["id"] for row in second["tickets"]] == [4]


async def test_an_emptied_page_loses_nothing_to_who_goes_on() -> None:
    for number in (1, 2):
        async with ZendeskServer(desk(4)) as server:
            server.on_request(number, faults.emptied())
            rows = await every(server, f"{EXPORT}?start_time=0&per_page=3", "tickets", "after_url")
            assert [row["id"] for row in rows] == [1, 2, 3, 4]
            assert server.count() == 3


async def test_a_scrubbed_ticket_is_exported_without_a_word_of_it() -> None:
    account = desk(1)
    account.support.comment(1, "my card is 4111", account.admin.id, public=False)
    account.support.scrub(1)
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        (ticket,) = (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]
        assert (ticket["status"], ticket["subject"], ticket["description"]) == ("deleted", "SCRUBBED", "SCRUBBED")
        said = (await get(server, EVENTS)).raw.decode()
        assert "4111" not in said
        assert "Words 1" not in said


async def test_an_expired_cursor_is_refused_and_an_export_may_begin_anew() -> None:
    async with ZendeskServer(desk(4)) as server:
        first = (await get(server, f"{EXPORT}?start_time=0&per_page=2")).json
        server.account.expire_cursors()
        refused = await get(server, first["after_url"])
        assert (refused.status, refused.json["error"]) == (400, "InvalidCursor")
        assert (await get(server, f"{EXPORT}?start_time=0")).status == 200
        assert (await get(server, f"{EXPORT}?cursor=nonsense")).status == 400


async def test_a_change_by_the_system_moves_the_generated_timestamp_alone() -> None:
    account = desk(2)
    account.support.update(1, tags=["billing"])
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        rows = (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]
    assert [row["id"] for row in rows] == [2, 1]
    assert rows[1]["updated_at"] < rows[0]["updated_at"]


# The exports by time


async def test_an_export_by_time_repeats_the_last_second_of_the_page_before() -> None:
    async with ZendeskServer(desk(5)) as server:
        first = (await get(server, "/api/v2/incremental/tickets.json?start_time=0&per_page=3")).json
        assert (first["count"], first["end_of_stream"]) == (3, False)
        second = (await get(server, first["next_page"])).json
        assert [row["id"] for row in first["tickets"]] == [1, 2, 3]
        assert [row["id"] for row in second["tickets"]] == [3, 4, 5]
        assert second["end_of_stream"]


async def test_an_export_by_time_never_gets_past_a_second_with_more_rows_than_a_page() -> None:
    account = desk(5)
    for number in range(1, 6):
        account.support.update(number, 1, priority="low")
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        first = (await get(server, "/api/v2/incremental/tickets.json?start_time=0&per_page=3")).json
        second = (await get(server, first["next_page"])).json
        assert second["next_page"] == first["next_page"]
        assert second["tickets"] == first["tickets"]
        by_cursor = await every(server, f"{EXPORT}?start_time=0&per_page=3", "tickets", "after_url")
        assert [row["id"] for row in by_cursor] == [1, 2, 3, 4, 5]


async def test_events_carry_comments_in_bulk_and_say_which_are_internal() -> None:
    account = desk(1)
    account.support.comment(1, "Reset it.", account.admin.id)
    account.support.comment(1, "He is a VIP.", account.admin.id, public=False)
    account.support.comment(1, "Auto-reply", -1)
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        said = (await get(server, EVENTS)).json
        bare = (await get(server, EVENTS.replace("include=comment_events&", ""))).json
    children = [child for event in said["ticket_events"] for child in event["child_events"]]
    comments = [child for child in children if child["event_type"] == "Comment"]
    assert [(c["type"], c["body"], c["public"]) for c in comments] == [
        ("Comment", "Words 1", True),
        ("Comment", "Reset it.", True),
        ("Comment", "He is a VIP.", False),
        ("Comment", "Auto-reply", True),
    ]
    assert comments[-1]["author_id"] == -1
    assert {event["ticket_id"] for event in said["ticket_events"]} == {1}
    assert all("body" not in child for event in bare["ticket_events"] for child in event["child_events"])
    assert [c["comment_public"] for e in bare["ticket_events"] for c in e["child_events"]] == [True, True, False, True]


async def test_a_redaction_and_a_comment_made_private_show_everywhere_and_move_the_ticket() -> None:
    account = desk(2)
    secret = account.support.comment(1, "PIN 1234 please", account.admin.id)
    slip = account.support.comment(1, "Customer is rude", account.admin.id)
    account.clock.advance(600)
    account.support.redact(1, secret.id, "1234")
    account.support.redact(2, account.support.comments(2)[0].id, "Words")
    account.support.make_private(1, slip.id)
    account.clock.advance(60)
    async with ZendeskServer(account) as server:
        events = await get(server, EVENTS)
        assert "1234" not in events.raw.decode()
        listed = (await get(server, "/api/v2/tickets/1/comments.json")).json["comments"]
        assert [(c["body"], c["public"]) for c in listed[1:]] == [
            ("PIN ▇▇▇▇ please", True),
            ("Customer is rude", False),
        ]
        kinds = [c["event_type"] for e in events.json["ticket_events"] for c in e["child_events"]]
        assert kinds[-3:] == ["CommentRedactionEvent", "CommentRedactionEvent", "CommentPrivacyChange"]
        exported = (await get(server, f"{EXPORT}?start_time=0")).json["tickets"]
        assert [(row["id"], row["description"]) for row in exported] == [(1, "Words 1"), (2, "▇▇▇▇▇ 2")]
