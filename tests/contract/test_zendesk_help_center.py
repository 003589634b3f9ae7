"""The simulated Zendesk keeps what it promises about articles, and about the small tables of Support."""

from __future__ import annotations

import pytest
from tests.contract.zendesk_asking import basic, every, get

from holdfast.testing.zendesk import Account, ZendeskServer, faults
from holdfast.testing.zendesk.support import MOST_COMMENTS

ARTICLES = "/api/v2/help_center/articles.json"
EXPORT = "/api/v2/help_center/incremental/articles.json"


class Desk:
    """An account with a section and a way to write in it."""

    def __init__(self) -> None:
        self.account = Account()
        self.center = self.account.help_center
        self.category = self.center.category("Guides")
        self.section = self.center.section("Billing", self.category)

    def write(self, title="Refunds", body="<p>Five days.</p>", **more):
        self.account.clock.advance(1)
        return self.center.article(title, body, more.pop("section", self.section), **more)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_articles_have_every_field_of_the_api(desk) -> None:
    desk.write()
    async with ZendeskServer(desk.account) as server:
        (article,) = (await get(server, ARTICLES)).json["articles"]
    named = "id url html_url title name body locale source_locale section_id author_id draft promoted position outdated"
    named += " outdated_locales label_names content_tag_ids comments_disabled user_segment_id permission_group_id"
    named += " vote_sum vote_count created_at updated_at edited_at"
    assert set(named.split()) <= set(article)
    assert article["html_url"] == f"https://acme.zendesk.com/hc/en-us/articles/{article['id']}-Refunds"


async def test_lists_go_by_cursor_of_at_most_a_hundred(desk) -> None:
    ids = [desk.write(f"T{n}").id for n in range(7)]
    async with ZendeskServer(desk.account) as server:
        first = (await get(server, f"{ARTICLES}?page[size]=3")).json
        assert (first["meta"]["has_more"], len(first["articles"])) == (True, 3)
        rows = await every(server, f"{ARTICLES}?page[size]=3", "articles", "links.next")
        assert [row["id"] for row in rows] == ids
        assert server.count() == 1 + 3
        assert not (await get(server, f"{ARTICLES}?page[size]=7")).json["meta"]["has_more"]
        backwards = f"{ARTICLES}?page[size]=3&sort_by=updated_at&sort_order=desc"
        assert [row["id"] for row in await every(server, backwards, "articles", "links.next")] == ids[::-1]
        assert (await get(server, f"{ARTICLES}?page[size]=101")).json["errors"][0]["code"]
        assert (await get(server, f"{ARTICLES}?page[size]=3&page[after]=nonsense!")).status == 400


async def test_lists_go_by_offset_up_to_row_ten_thousand(desk) -> None:
    ids = [desk.write(f"T{n}").id for n in range(5)]
    async with ZendeskServer(desk.account) as server:
        first = (await get(server, f"{ARTICLES}?per_page=2")).json
        assert (first["count"], first["page_count"], first["previous_page"]) == (5, 3, None)
        assert [row["id"] for row in await every(server, f"{ARTICLES}?per_page=2", "articles")] == ids
        assert (await get(server, f"{ARTICLES}?per_page=100&page=100")).status == 200
        assert (await get(server, f"{ARTICLES}?per_page=100&page=101")).status == 400
        assert (await get(server, "/api/v2/help_center/articles/count.json")).json["count"]["value"] == 5


async def test_an_article_archived_between_two_offset_pages_hides_another_from_who_pages(desk) -> None:
    ids = [desk.write(f"T{n}").id for n in range(4)]
    async with ZendeskServer(desk.account) as server:
        server.on_request(2, faults.meanwhile(lambda account: account.help_center.archive(ids[0])))
        assert [row["id"] for row in await every(server, f"{ARTICLES}?per_page=2", "articles")] == [*ids[:2], ids[3]]
    desk.center.restore(ids[0])
    async with ZendeskServer(desk.account) as server:
        server.on_request(2, faults.meanwhile(lambda account: account.help_center.archive(ids[0])))
        assert [row["id"] for row in await every(server, f"{ARTICLES}?page[size]=2", "articles", "links.next")] == ids


async def test_a_locale_has_the_articles_that_are_translated_into_it(desk) -> None:
    first, second = desk.write("One"), desk.write("Two")
    desk.center.translate(first.id, "de", "Eins", "<p>Fünf Tage.</p>")
    async with ZendeskServer(desk.account) as server:
        german = (await get(server, "/api/v2/help_center/de/articles.json")).json["articles"]
        assert [(row["id"], row["title"], row["locale"], row["source_locale"]) for row in german] == [
            (first.id, "Eins", "de", "en-us")
        ]
        english = (await get(server, "/api/v2/help_center/en-us/articles.json")).json["articles"]
        assert [row["id"] for row in english] == [first.id, second.id]
        assert (await get(server, "/api/v2/help_center/locales.json")).json == {
            "locales": ["en-us", "de"],
            "default_locale": "en-us",
        }
        rows = (await get(server, f"/api/v2/help_center/articles/{first.id}/translations.json")).json["translations"]
        assert [(row["locale"], row["title"], row["outdated"]) for row in rows] == [
            ("en-us", "One", False),
            ("de", "Eins", False),
        ]
        desk.center.translate(first.id, "en-us", "One", "<p>Six days.</p>")
        path = f"/api/v2/help_center/articles/{first.id}/translations/de.json"
        assert (await get(server, path)).json["translation"]["outdated"]
        assert (await get(server, ARTICLES)).json["articles"][0]["outdated_locales"] == ["de"]


async def test_drafts_are_seen_by_staff_alone_and_are_drafts_by_locale(desk) -> None:
    article = desk.write()
    desk.center.translate(article.id, "de", "Rückzahlung", "<p>Entwurf</p>", draft=True)
    desk.write("Secret plans", draft=True)
    async with ZendeskServer(desk.account) as server:
        drafts = [row["draft"] for row in (await get(server, ARTICLES)).json["articles"]]
        assert drafts == [False, True]
        german = (await get(server, "/api/v2/help_center/de/articles")).json["articles"]
        assert [row["draft"] for row in german] == [True]
        public = (await get(server, ARTICLES, None)).json["articles"]
        assert [row["title"] for row in public] == ["Refunds"]
        assert (await get(server, "/api/v2/help_center/de/articles.json", None)).json["articles"] == []
        desk.center.publish(article.id, "de")
        assert len((await get(server, "/api/v2/help_center/de/articles.json", None)).json["articles"]) == 1


async def test_segments_decide_who_sees_an_article(desk) -> None:
    people = desk.account.people
    gold = people.organization("Gold", "gold.example")
    kim = people.user("Kim", "kim@example.com")
    lee = people.user("Lee", "lee@gold.example", organization=gold)
    bo = people.user("Bo", "bo@acme.example", "agent")
    for user in (kim, lee, bo):
        desk.account.access.grant(user, "t")
    segments = [desk.center.segment("Signed in", "signed_in_users"), desk.center.segment("Staff", "staff")]
    segments.append(desk.center.segment("Gold", "signed_in_users", organizations=(gold.id,)))
    desk.write("Public")
    for segment in segments:
        desk.write(segment.name, segment=segment)

    async with ZendeskServer(desk.account) as server:

        async def titles(auth: str | None) -> list[str]:
            return [row["title"] for row in (await get(server, ARTICLES, auth)).json["articles"]]

        assert await titles(None) == ["Public"]
        assert await titles(basic("kim@example.com/token", "t")) == ["Public", "Signed in"]
        assert await titles(basic("lee@gold.example/token", "t")) == ["Public", "Signed in", "Gold"]
        assert await titles(basic("bo@acme.example/token", "t")) == ["Public", "Signed in", "Staff"]
        assert await titles("") == ["Public", "Signed in", "Staff", "Gold"]
        told = (await get(server, "/api/v2/help_center/user_segments.json")).json["user_segments"]
        assert [row["user_type"] for row in told] == ["signed_in_users", "staff", "signed_in_users"]
        assert told[2]["organization_ids"] == [gold.id]
        assert (await get(server, "/api/v2/help_center/user_segments.json", None)).status == 401


async def test_the_export_gives_what_changed_and_an_empty_one_says_end_time_1(desk) -> None:
    first, second = desk.write("One"), desk.write("Two", body=None)
    moment = desk.account.clock.now()
    async with ZendeskServer(desk.account) as server:
        said = (await get(server, f"{EXPORT}?start_time=0")).json
        assert [row["id"] for row in said["articles"]] == [first.id, second.id]
        assert (said["count"], said["end_time"], said["next_page"]) == (2, moment, None)
        assert said["articles"][1]["body"] is None
        empty = (await get(server, f"{EXPORT}?start_time={moment + 1}")).json
        assert empty == {"articles": [], "count": 0, "end_time": 1, "next_page": None}
        desk.account.clock.advance(100)
        desk.center.vote(first.id)
        (row,) = (await get(server, f"{EXPORT}?start_time={moment + 1}")).json["articles"]
        assert (row["id"], row["vote_sum"]) == (first.id, 1)
        assert row["edited_at"] < row["updated_at"]
        assert (await get(server, f"{EXPORT}?start_time=0", None)).status == 401


async def test_the_export_has_a_thousand_a_page(desk) -> None:
    for number in range(1001):
        desk.write(f"T{number}")
    async with ZendeskServer(desk.account) as server:
        first = (await get(server, f"{EXPORT}?start_time=0")).json
        assert len(first["articles"]) == 1000
        assert len((await get(server, first["next_page"])).json["articles"]) == 2  # the last one comes again


async def test_an_archived_article_is_gone_without_a_tombstone(desk) -> None:
    kept, gone = desk.write("Kept"), desk.write("Gone")
    desk.account.clock.advance(100)
    desk.center.archive(gone.id)
    async with ZendeskServer(desk.account) as server:
        assert [row["id"] for row in (await get(server, ARTICLES)).json["articles"]] == [kept.id]
        assert [row["id"] for row in (await get(server, f"{EXPORT}?start_time=0")).json["articles"]] == [kept.id]
        assert (await get(server, f"/api/v2/help_center/articles/{gone.id}.json")).status == 404
        desk.center.restore(gone.id)
        assert (await get(server, f"/api/v2/help_center/articles/{gone.id}.json")).json["article"]["title"] == "Gone"


async def test_sections_nest_and_lists_bring_along_what_include_names(desk) -> None:
    inner = desk.center.section("Invoices", desk.category, parent=desk.section)
    article = desk.write(section=inner)
    desk.center.translate(article.id, "fr", "Remboursement", "<p>Cinq jours.</p>")
    article.author_id = desk.account.admin.id
    async with ZendeskServer(desk.account) as server:
        said = (await get(server, f"{ARTICLES}?include=sections,categories,users,translations")).json
        assert [row["parent_section_id"] for row in said["sections"]] == [desk.section.id]
        assert [row["name"] for row in said["categories"]] == ["Guides"]
        assert [row["id"] for row in said["users"]] == [desk.account.admin.id]
        assert [row["locale"] for row in said["translations"]] == ["en-us", "fr"]
        path = f"/api/v2/help_center/sections/{desk.section.id}/articles.json"
        assert (await get(server, path)).json["articles"] == []
        rows = (await get(server, f"/api/v2/help_center/categories/{desk.category.id}/sections.json")).json["sections"]
        assert [row["name"] for row in rows] == ["Billing", "Invoices"]


async def test_files_of_a_restricted_article_want_somebody_who_may_read_it(desk) -> None:
    article = desk.write(segment=desk.center.segment("Staff", "staff"))
    shown = desk.center.attach(article.id, "shot.png", "image/png", b"\x89PNG", inline=True)
    desk.center.attach(article.id, "terms.pdf", "application/pdf", b"%PDF")
    async with ZendeskServer(desk.account) as server:
        path = f"/api/v2/help_center/articles/{article.id}/attachments"
        rows = (await get(server, f"{path}.json")).json["article_attachments"]
        assert [(row["file_name"], row["inline"], row["size"]) for row in rows] == [
            ("shot.png", True, 4),
            ("terms.pdf", False, 4),
        ]
        inline = (await get(server, f"{path}/inline.json")).json["article_attachments"]
        assert [row["id"] for row in inline] == [shown.id]
        got = await get(server, rows[0]["content_url"])
        assert (got.raw, got.headers["content-type"]) == (b"\x89PNG", "image/png")
        assert (await get(server, rows[0]["content_url"], None)).status == 404


async def test_every_brand_has_a_host_and_articles_of_its_own(desk) -> None:
    labs = desk.center.brand("Labs", "acme-labs")
    section = desk.center.section("Start", desk.center.category("Labs", brand=labs))
    desk.write("Main article")
    desk.write("Labs article", section=section)
    async with ZendeskServer(desk.account) as server:
        brands = (await get(server, "/api/v2/brands.json")).json["brands"]
        assert [row["brand_url"] for row in brands] == [server.url, server.brand_url(labs.id)]
        rows = (await get(server, f"{brands[1]['brand_url']}{ARTICLES}")).json["articles"]
        assert [row["title"] for row in rows] == ["Labs article"]
        by_host = (await get(server, ARTICLES, Host="acme-labs.zendesk.com")).json["articles"]
        assert [row["title"] for row in by_host] == ["Labs article"]
        labs.help_center_state = "restricted"
        assert (await get(server, f"{server.brand_url(labs.id)}{ARTICLES}", None)).status == 401
        assert (await get(server, f"{server.brand_url(labs.id)}{ARTICLES}")).status == 200
        labs.help_center_state = "disabled"
        assert (await get(server, f"{server.brand_url(labs.id)}{ARTICLES}")).status == 404
        labs.active = False
        closed = await get(server, f"{server.brand_url(labs.id)}{ARTICLES}")
        assert (closed.status, closed.json["error"]["title"]) == (404, "No help desk at acme-labs.zendesk.com")
        assert [row["title"] for row in (await get(server, ARTICLES)).json["articles"]] == ["Main article"]


async def test_comments_are_paged_with_their_authors_and_end_at_five_thousand(desk) -> None:
    support, admin = desk.account.support, desk.account.admin
    ticket = support.create("Long", "0", admin.id)
    for number in range(1, MOST_COMMENTS):
        support.comment(ticket.id, str(number), admin.id)
    with pytest.raises(ValueError, match="takes no more"):
        support.comment(ticket.id, "one too many", admin.id)
    async with ZendeskServer(desk.account) as server:
        path = f"/api/v2/tickets/{ticket.id}/comments.json?page[size]=100&include=users"
        said = (await get(server, path)).json
        assert [user["id"] for user in said["users"]] == [admin.id]
        rows = await every(server, path, "comments", "links.next")
        assert [row["body"] for row in rows] == [str(number) for number in range(MOST_COMMENTS)]


async def test_merges_follow_ups_and_side_conversations_are_told_as_zendesk_tells_them(desk) -> None:
    support, admin = desk.account.support, desk.account.admin
    old, target = support.create("Broken", "It broke", admin.id), support.create("Broken!", "Again", admin.id)
    support.merge(old.id, target.id, admin.id)
    later = support.follow_up(old.id, "Still broken", admin.id)
    support.side_conversation(target.id, "Part?", "Do you have the part?", "parts@vendor.example")
    async with ZendeskServer(desk.account) as server:
        shown = (await get(server, f"/api/v2/tickets/{old.id}.json")).json["ticket"]
        assert (shown["status"], shown["tags"], shown["followup_ids"]) == ("closed", ["closed_by_merge"], [later.id])
        told = (await get(server, f"/api/v2/tickets/{target.id}/comments.json")).json["comments"][-1]
        assert told["body"].startswith(f'Request #{old.id} "Broken" was closed and merged into this request.')
        assert told["via"]["source"]["rel"] == "merge"
        follow_up = (await get(server, f"/api/v2/tickets/{later.id}.json")).json["ticket"]
        assert follow_up["via"]["source"]["from"]["ticket_id"] == old.id
        path = f"/api/v2/tickets/{target.id}/side_conversations"
        (side,) = (await get(server, f"{path}.json")).json["side_conversations"]
        events = (await get(server, f"{path}/{side['id']}/events.json")).json["events"]
        assert events[0]["message"]["body"] == "Do you have the part?"


async def test_people_and_tables_are_listed_and_shown_by_id(desk) -> None:
    people = desk.account.people
    kim, lee, bo = (people.user(name, f"{name}@example.com") for name in ("kim", "lee", "bo"))
    organization, group = people.organization("Gold"), people.group("Tier 1")
    field = people.field("Region", "tagger", {"eu": "Europe", "us": "America"})
    people.dynamic_text("greeting", {1: "Hello", 8: "Hallo"})
    people.suspend(kim.id)
    people.delete(lee.id)
    people.delete(bo.id, for_good=True)
    desk.account.clock.advance(60)
    async with ZendeskServer(desk.account) as server:
        many = (await get(server, f"/api/v2/users/show_many.json?ids={kim.id},{lee.id},{bo.id}")).json["users"]
        assert [(row["suspended"], row["active"]) for row in many] == [(True, True), (False, False)]
        assert (await get(server, f"/api/v2/users/{bo.id}.json")).status == 404
        exported = (await get(server, "/api/v2/incremental/users/cursor.json?start_time=0")).json
        assert [row["name"] for row in exported["users"]] == ["Ada Admin", "kim", "lee", "Permanently Deleted User"]
        assert exported["end_of_stream"]
        by_time = (await get(server, "/api/v2/incremental/organizations.json?start_time=0")).json["organizations"]
        assert [row["id"] for row in by_time] == [organization.id]
        (shown,) = (await get(server, "/api/v2/ticket_fields.json")).json["ticket_fields"]
        assert (shown["id"], [o["name"] for o in shown["custom_field_options"]]) == (field.id, ["Europe", "America"])
        (item,) = (await get(server, "/api/v2/dynamic_content/items.json")).json["items"]
        assert (item["placeholder"], item["variants"][1]["content"]) == ("{{dc.greeting}}", "Hallo")
        assert (await get(server, "/api/v2/groups.json")).json["groups"][0]["id"] == group.id
        assert (await get(server, "/api/v2/users/show_many.json?ids=")).status == 400
        too_many = ",".join(map(str, range(101)))
        assert (await get(server, f"/api/v2/users/show_many.json?ids={too_many}")).status == 400
