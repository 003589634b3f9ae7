"""The simulated Zendesk keeps what it promises about access, limits and faults, heard by plain HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json

import pytest
from tests.contract.zendesk_asking import basic, desk, every, get, post

from holdfast.testing.zendesk import Account, Clock, Limits, ZendeskServer, faults

EXPORT = "/api/v2/incremental/tickets/cursor.json"


# Access


async def test_an_api_token_lets_in_and_a_wrong_one_is_told_in_zendesks_words() -> None:
    async with ZendeskServer(desk()) as server:
        assert (await get(server, "/api/v2/tickets.json")).status == 200
        wrong = await get(server, "/api/v2/tickets.json", basic("ada@acme.example/token", "wrong"))
        assert (wrong.status, wrong.json) == (401, {"error": "Couldn't authenticate you"})
        for name in ("ada@acme.example", "ada@acme.example/session"):
            assert (await get(server, "/api/v2/tickets.json", basic(name, "only-for-tests"))).status == 401
        assert (await get(server, "/api/v2/tickets.json", None)).status == 401


async def test_a_token_that_is_revoked_meanwhile_is_refused_from_then_on() -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(2, faults.meanwhile(lambda account: account.access.revoke(server.auth[1])))
        assert [(await get(server, "/api/v2/tickets.json")).status for _ in range(3)] == [200, 401, 401]


async def test_oauth_tokens_are_got_expire_and_are_refreshed_once() -> None:
    account = desk()
    account.access.register("holdfast", "secret", account.admin)
    client = {"client_id": "holdfast", "client_secret": "secret"}
    async with ZendeskServer(account) as server:
        asked = {"grant_type": "client_credentials", "scope": "read", "expires_in": 600, **client}
        given = (await post(f"{server.url}/oauth/tokens", asked)).json
        assert (given["token_type"], given["expires_in"], given["scope"]) == ("bearer", 600, "read")
        bearer = f"Bearer {given['access_token']}"
        assert (await get(server, "/api/v2/tickets.json", bearer)).status == 200
        account.clock.advance(600)
        expired = await get(server, "/api/v2/tickets.json", bearer)
        assert (expired.status, expired.json["error"]) == (401, "invalid_token")
        again = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], **client}
        fresh = (await post(f"{server.url}/oauth/tokens", again)).json
        assert (await get(server, "/api/v2/tickets.json", f"Bearer {fresh['access_token']}")).status == 200
        assert (await post(f"{server.url}/oauth/tokens", again)).status == 401
        assert (await post(f"{server.url}/oauth/tokens", asked | {"client_secret": "x"})).status == 401


async def test_agents_may_not_export_and_customers_may_not_read_tickets() -> None:
    account = desk()
    for role in ("agent", "end-user"):
        account.access.grant(account.people.user(role, f"{role}@acme.example", role), "t")
    async with ZendeskServer(account) as server:
        agent, customer = basic("agent@acme.example/token", "t"), basic("end-user@acme.example/token", "t")
        assert (await get(server, "/api/v2/tickets.json", agent)).status == 200
        refused = await get(server, f"{EXPORT}?start_time=0", agent)
        assert (refused.status, refused.json["error"]["title"]) == (403, "Forbidden")
        assert (await get(server, "/api/v2/tickets.json", customer)).status == 403


async def test_an_account_without_support_says_so_and_still_has_its_articles() -> None:
    account = desk()
    account.access.support_active = False
    async with ZendeskServer(account) as server:
        refused = await get(server, "/api/v2/tickets.json")
        assert (refused.status, refused.json["error"]) == (403, "SupportProductInactive")
        assert (await get(server, "/api/v2/help_center/articles.json")).status == 200


async def test_one_resource_can_be_forbidden_and_the_others_stay_open() -> None:
    account = desk()
    account.access.forbidden.add("users")
    async with ZendeskServer(account) as server:
        assert (await get(server, "/api/v2/users.json")).status == 403
        assert (await get(server, f"{EXPORT}?start_time=0")).status == 200


async def test_what_is_no_route_is_not_found() -> None:
    async with ZendeskServer(desk()) as server:
        assert (await get(server, "/api/v2/nothing.json")).json["error"] == "InvalidEndpoint"
        assert (await get(server, "/api/v2/tickets/999.json")).json["error"] == "RecordNotFound"


# Limits


async def test_pools_are_counted_apart_and_say_how_many_are_left() -> None:
    now = [100.0]
    limits = Limits(support=3, help_center=1, export=1)
    async with ZendeskServer(desk(), limits=limits, clock_s=lambda: now[0]) as server:
        first = await get(server, "/api/v2/tickets.json")
        assert (first.headers["x-rate-limit"], first.headers["x-rate-limit-remaining"]) == ("3", "2")
        assert (await get(server, "/api/v2/help_center/articles.json")).status == 200
        assert (await get(server, "/api/v2/help_center/articles.json")).status == 429
        assert (await get(server, f"{EXPORT}?start_time=0")).status == 200  # counts for Support as well
        now[0] += 20.0
        refused = await get(server, f"{EXPORT}?start_time=0")
        assert (refused.status, refused.headers["retry-after"]) == (429, "40")
        assert refused.json["error"] == "TooManyRequests"
        assert (await get(server, "/api/v2/tickets.json")).status == 429  # the refused one was counted
        now[0] += 40.0
        assert (await get(server, "/api/v2/tickets.json")).status == 200
        assert (server.over_limit, server.count("export"), server.count("help_center")) == (3, 2, 2)
        assert server.limiter.over == {"help_center": 1, "export": 1, "support": 1}


async def test_offset_pages_behind_the_five_hundredth_have_a_limit_of_their_own() -> None:
    async with ZendeskServer(desk(), limits=Limits(support=10, deep=1)) as server:
        path = "/api/v2/tickets.json?per_page=1&page="
        assert [(await get(server, f"{path}{page}")).status for page in (500, 501, 501, 500)] == [200, 200, 429, 200]


async def test_a_request_inside_a_retry_after_is_counted_as_early() -> None:
    now = [0.0]
    async with ZendeskServer(desk(), clock_s=lambda: now[0]) as server:
        server.on_request(1, faults.too_many(5))
        assert (await get(server, "/api/v2/tickets.json")).headers["retry-after"] == "5"
        await get(server, "/api/v2/help_center/articles.json")  # another pool
        assert server.early == 0
        now[0] = 4.9
        await get(server, "/api/v2/tickets.json")
        assert server.early == 1
        now[0] = 5.0
        await get(server, "/api/v2/tickets.json")
        assert server.early == 1


async def test_a_refusal_may_be_plain_text() -> None:
    async with ZendeskServer(desk(), limits=Limits(support=0, plain=True)) as server:
        refused = await get(server, "/api/v2/tickets.json")
        assert refused.status == 429
        assert refused.headers["content-type"].startswith("text/plain")
        with pytest.raises(json.JSONDecodeError):
            _ = refused.json


# Faults


@pytest.mark.parametrize("status", [409, 500, 502, 503, 504, 520, 524])
async def test_a_scripted_status_befalls_the_request_it_was_told(status) -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(2, faults.refused(status))
        assert [(await get(server, "/api/v2/tickets.json")).status for _ in range(3)] == [200, status, 200]
        assert [seen.fault for seen in server.requests] == ["", f"refused {status}", ""]


@pytest.mark.parametrize(
    ("where", "raised"),
    [
        ("connection", ConnectionError),
        ("headers", http.client.HTTPException),
        ("body", http.client.IncompleteRead),
        ("chunk", http.client.IncompleteRead),
    ],
)
async def test_a_cut_connection_leaves_the_answer_unfinished(where, raised) -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(1, faults.cut(where))
        with pytest.raises((raised, json.JSONDecodeError)):
            _ = (await get(server, "/api/v2/tickets.json")).json
        assert (await get(server, "/api/v2/tickets.json")).status == 200
        assert [seen.status for seen in server.requests] == [0, 200]


async def test_truncated_json_and_html_in_its_place_arrive_with_status_200() -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(1, faults.truncated())
        server.on_request(2, faults.page_of_html())
        for _ in range(2):
            got = await get(server, "/api/v2/tickets.json")
            assert got.status == 200
            with pytest.raises(json.JSONDecodeError):
                _ = got.json
        assert got.headers["content-type"].startswith("text/html")


async def test_a_redirect_leads_where_it_was_told() -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(lambda asked: asked.path.endswith("tickets.json"), faults.redirected("http://127.0.0.1:1/x"))
        got = await get(server, "/api/v2/tickets.json")
        assert (got.status, got.headers["location"]) == (302, "http://127.0.0.1:1/x")


async def test_a_slow_answer_comes_when_its_time_has_passed() -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(1, faults.slow(3600.0))
        waiting = asyncio.ensure_future(get(server, "/api/v2/tickets.json"))
        await server.received(1)
        assert (await get(server, "/api/v2/tickets.json")).status == 200  # others are answered meanwhile
        assert not waiting.done()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        await waiting


async def test_rows_come_twice_across_pages_when_told_to() -> None:
    async with ZendeskServer(desk()) as server:
        server.on_request(2, faults.doubled(2))
        first = (await get(server, f"{EXPORT}?start_time=0&per_page=3")).json
        second = (await get(server, first["after_url"])).json
        assert [row["id"] for row in first["tickets"]] == [1, 2, 3]
        assert [row["id"] for row in second["tickets"]] == [2, 3, 4, 5]


async def test_the_accounts_own_clock_dates_everything_also_when_it_is_wrong() -> None:
    clock = Clock(1_000_000_000)
    async with ZendeskServer(Account(clock=clock)) as server:
        got = await get(server, "/api/v2/tickets.json")
    assert got.headers["date"] == "Sun, 09 Sep 2001 01:46:40 GMT"


async def test_a_ticket_that_changes_while_it_is_paged_comes_again_at_the_end() -> None:
    async with ZendeskServer(desk()) as server:

        def change(account: Account) -> None:
            account.support.update(1, 1, status="solved")
            account.clock.advance(60)

        server.on_request(2, faults.meanwhile(change))
        rows = await every(server, f"{EXPORT}?start_time=0&per_page=3", "tickets", "after_url")
        assert [(row["id"], row["status"]) for row in rows][-1] == (1, "solved")
        assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 1]
