"""The Zendesk feed keeps to the limits, waits out what passes, says what does not, and never shows a credential."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from holdfast.corpus.sources.zendesk.feed import ZendeskFeed
from holdfast.errors import Misconfigured
from holdfast.sources import Passed, RawDocument
from holdfast.testing.zendesk import ADMIN, TOKEN, Account, Limits, ZendeskServer, faults
from holdfast.testing.zendesk.faults import Fault
from zendesk_reading import Reading, desk, help_center, pass_time, reading

PASSING: tuple[Callable[[], Fault], ...] = (
    *(lambda status=status: faults.refused(status) for status in (409, 500, 501, 502, 503, 504, 520, 524)),
    lambda: faults.refused(502, b"<html>Bad gateway</html>"),
    lambda: faults.refused(503, retry_after_s=7),
    lambda: faults.too_many(5),
    lambda: faults.too_many(5, plain=True),
    lambda: faults.too_many(None),
    lambda: faults.cut("connection"),
    lambda: faults.cut("headers"),
    lambda: faults.cut("body"),
    lambda: faults.cut("chunk"),
    lambda: faults.truncated(),
    lambda: faults.page_of_html(),
    lambda: faults.refused(200, b'{"error":"APIRateLimitExceeded"}'),
    lambda: faults.refused(200, b""),
    lambda: faults.refused(200, b"[]"),
    lambda: faults.doubled(3),
)


def filled() -> Account:
    """Both an article in two languages and a few tickets."""
    made, _ = help_center(3)
    made.help_center.translate(next(iter(made.help_center.articles)), "fr", "Titre", "<p>Mots</p>")
    kim = made.people.user("Kim", "kim@example.com")
    for number in range(3):
        made.clock.advance(400)
        ticket = made.support.create(f"Ticket {number}", f"Words {number}", kim.id)
        made.support.comment(ticket.id, f"Answer {number}", made.admin.id)
    pass_time(made)
    return made


@pytest.mark.parametrize("content", ["articles", "tickets"])
@pytest.mark.parametrize("number", range(len(PASSING)))
async def test_whatever_passes_befalls_any_request_the_sync_is_complete_and_exact(content: str, number: int) -> None:
    made = filled()
    async with reading(made, content=content) as well:
        await well.sync()
        requests = len(well.server.requests)
        async with reading(made, content=content) as it:
            for each in range(requests):
                it.server.on_request(lambda asked, n=2 * each + 1: asked.number == n, PASSING[number]())
            await it.sync()
            assert without_urls(it) == without_urls(well)
            assert it.offered
            assert it.server.early == 0
            again = it.landing.mark
            await it.sync()
            assert it.landing.mark == again


def without_urls(it: Reading) -> list[RawDocument | Passed]:
    """What is offered, without the address of the server."""
    return [replace(one, url=None) if isinstance(one, RawDocument) else one for one in it.offered.values()]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("content", ["articles", "tickets"])
async def test_limits_are_kept_to_without_one_request_too_many(content: str, plain: bool) -> None:
    limits = Limits(support=4, help_center=3, export=2, plain=plain)
    async with reading(filled(), limits, content=content) as it:
        await it.sync()
        await it.sync()
        assert len(it.offered) >= 3
        assert it.server.over_limit == 0
        assert it.server.early == 0
        assert it.time.slept


async def test_a_time_to_wait_holds_for_the_whole_pool_and_only_for_it() -> None:
    async with reading(filled()) as it:
        it.server.on_request(2, faults.too_many(90))
        await it.sync()
        assert it.server.early == 0
        assert it.time.slept == [90.0]


async def test_waiting_grows_and_ends_with_what_to_do() -> None:
    async with reading(filled(), patience="5m") as it:
        await it.sync()
        it.time.slept.clear()
        it.server.on_request(lambda asked: "incremental" in asked.path, faults.page_of_html(), times=None)
        with pytest.raises(Misconfigured) as failure:
            await it.sync()
        assert failure.value.code == "HF114"
        assert "not JSON" in failure.value.message
        assert it.time.slept == sorted(it.time.slept)
        assert 60 < sum(it.time.slept) <= 300
        assert len(it.documents) == 4
        it.server.clear_faults()
        await it.sync()


async def test_nobody_waits_for_longer_than_there_is_patience_for() -> None:
    async with reading(filled(), patience="1m") as it:
        it.server.on_request(1, faults.too_many(3600))
        with pytest.raises(Misconfigured) as failure:
            await it.sync()
        assert failure.value.code == "HF114"
        assert "3600 s" in failure.value.message
        assert it.time.slept == []


async def test_a_host_that_never_answers_is_given_up_soon() -> None:
    async with reading(filled()) as it:
        url = it.server.url
    it.options["base_url"] = url
    with pytest.raises(Misconfigured) as failure:
        await it.sync()
    assert failure.value.code == "HF114"
    assert sum(it.time.slept) <= 30


def revoked(made: Account) -> None:
    made.access.revoke(TOKEN)


def no_support(made: Account) -> None:
    made.access.support_active = False


def forbidden(made: Account) -> None:
    made.access.forbidden |= {"articles", "ticket_events"}


def closed(made: Account) -> None:
    made.help_center.default_brand.is_deleted = True


@pytest.mark.parametrize(
    ("what", "content", "code", "says"),
    [
        (revoked, "articles", "HF113", "revoked"),
        (revoked, "tickets", "HF113", "revoked"),
        (no_support, "tickets", "HF113", "no Support product"),
        (forbidden, "articles", "HF113", "does not let"),
        (forbidden, "tickets", "HF113", "does not let"),
        (closed, "articles", "HF109", "no account of that name"),
    ],
)
async def test_what_does_not_pass_is_said_at_once_and_what_landed_stays(
    what: Callable[[Account], None], content: str, code: str, says: str
) -> None:
    for in_the_middle in (False, True):
        made = filled()
        async with reading(made, content=content) as it:
            await it.sync()
            before = it.offered
            pass_time(made)
            it.server.on_request(len(it.server.requests) + (3 if in_the_middle else 1), faults.meanwhile(what))
            with pytest.raises(Misconfigured) as failure:
                await it.sync()
            assert failure.value.code == code
            assert says in failure.value.message
            assert failure.value.fix
            assert it.offered == before
            assert it.time.slept == []
            silent(failure.value)


def silent(error: Misconfigured) -> None:
    """No credential stands in an error."""
    said = f"{error} {error!r} {error.__cause__!r}"
    assert TOKEN not in said
    assert "Basic" not in said
    assert "the-client-secret" not in said


async def test_a_page_that_leads_to_another_host_is_not_followed_nor_a_redirect() -> None:
    async with ZendeskServer(Account()) as other:
        elsewhere = b'{"articles":[{"id":1}],"next_page":"%s/api/v2/x","end_time":5,"count":1}' % other.url.encode()
        for fault in (faults.redirected(f"{other.url}/api/v2/x"), faults.refused(200, elsewhere)):
            async with reading(filled()) as it:
                it.server.on_request(lambda asked: "incremental" in asked.path, fault)
                with pytest.raises(Misconfigured) as failure:
                    await it.sync()
                assert failure.value.code == "HF109"
                assert "credentials are not sent" in failure.value.message
        assert other.requests == []


async def test_a_client_of_oauth_gets_tokens_and_another_when_one_runs_out_or_is_revoked() -> None:
    made = filled()
    made.access.register("holdfast", "the-client-secret", made.admin)
    oauth = {"client_id": "holdfast", "client_secret": "the-client-secret", "email": None, "token": None}
    async with reading(made, **oauth) as it:
        it.server.on_request(3, faults.meanwhile(lambda account: account.access.revoke("access-1")))
        it.server.on_request(9, faults.meanwhile(lambda account: account.clock.advance(4000)))
        await it.sync()
        assert len(it.documents) == 4
        tokens = [seen.asked for seen in it.server.requests if seen.asked.path == "/oauth/tokens"]
        assert len(tokens) == 3
    made.access.register("holdfast", "another", made.admin)
    async with reading(made, **oauth) as it:
        with pytest.raises(Misconfigured) as failure:
            await it.sync()
        assert failure.value.code == "HF113"
        silent(failure.value)


async def test_an_oauth_token_of_its_own_is_sent_as_it_is() -> None:
    made = filled()
    made.access.register("holdfast", "secret", made.admin)
    token = made.access.issue("holdfast", "secret").access_token
    async with reading(made, oauth_token=token, email=None, token=None) as it:
        await it.sync()
        assert len(it.documents) == 4
        assert {seen.asked.headers["authorization"] for seen in it.server.requests} == {f"Bearer {token}"}


@pytest.mark.parametrize("ahead_s", [-86_400, 86_400])
async def test_clocks_that_disagree_change_nothing(ahead_s: int) -> None:
    made = filled()
    async with reading(made, content="tickets") as it:
        it.time.at_s += ahead_s
        await it.sync()
        made.support.comment(1, "Later", made.admin.id)
        pass_time(made)
        await it.sync()
        assert len(it.documents) == 3
        assert b"Later" in bytes(it.documents["1"].body)


def test_no_setting_shows_a_credential() -> None:
    feed = ZendeskFeed(subdomain="acme", email=ADMIN, token="the-client-secret")
    assert "the-client-secret" not in repr(feed._options)
    assert "the-client-secret" not in str(feed._options)


WRONG: tuple[dict[str, Any], ...] = (
    {},
    {"subdomain": "acme", "base_url": "https://help.acme.com"},
    {"subdomain": "acme.zendesk.com"},
    {"base_url": "ftp://acme"},
    {"base_url": "http://help.acme.com", "oauth_token": "the-client-secret"},
    {"subdomain": "acme", "token": "the-client-secret"},
    {"subdomain": "acme", "email": "a@b.c"},
    {"subdomain": "acme", "email": "a@b.c", "token": "the-client-secret", "oauth_token": "x"},
    {"subdomain": "acme", "client_id": "x"},
    {"subdomain": "acme", "content": "chats"},
    {"subdomain": "acme", "content": "tickets"},
    {"subdomain": "acme", "content": "tickets", "oauth_token": "x", "statuses": ["done"]},
    {"subdomain": "acme", "start": "soon"},
    {"subdomain": "acme", "internal_notes": True},
    {"subdomain": "acme", "content": "tickets", "oauth_token": "x", "attachments": True},
    {"subdomain": "acme", "patience": "long"},
    {"subdomain": "acme", "brands": ["not a brand"]},
    {"subdomain": "acme", "tokn": "the-client-secret"},
    {"subdomain": "acme", "token": 7},
)


@pytest.mark.parametrize("options", WRONG)
def test_settings_that_cannot_work_are_refused_with_what_to_type(options: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured) as failure:
        ZendeskFeed(**options)
    assert failure.value.code == "HF100"
    assert failure.value.fix
    silent(failure.value)


async def test_no_question_is_asked_twice_in_a_sync_where_nothing_fails() -> None:
    for content in ("articles", "tickets"):
        async with reading(filled(), content=content) as it:
            await it.sync()
            asked = [(seen.asked.path, tuple(seen.asked.query.items())) for seen in it.server.requests]
            assert len(asked) == len(set(asked))


async def test_a_cursor_comes_back_as_it_was_given_whatever_letters_it_has() -> None:
    async with reading(filled(), content="tickets") as it:
        page = b'{"tickets":[],"after_cursor":"a+b/c==&d","end_of_stream":false}'
        it.server.on_request(lambda asked: "tickets/cursor" in asked.path, faults.refused(200, page))
        it.server.on_request(lambda asked: asked.query.get("cursor") == "a+b/c==&d", faults.refused(200, page))
        await it.sync()
        cursors = [seen.asked.query.get("cursor") for seen in it.server.requests if "cursor" in seen.asked.path]
        assert cursors[:3] == [None, "a+b/c==&d", "a+b/c==&d"]
        assert len(it.documents) == 3


async def test_a_desk_without_anything_is_empty_and_no_error() -> None:
    for content in ("articles", "tickets"):
        made, _, _ = desk()
        pass_time(made)
        async with reading(made, content=content) as it:
            await it.sync()
            await it.sync()
            assert it.offered == {}
