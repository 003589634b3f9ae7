"""Documents from what landed of Zendesk, whatever it is: none raises, none is lost, and nothing private is public."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.corpus.sources.zendesk import article_items, ticket_items
from holdfast.corpus.sources.zendesk.article_documents import Surroundings
from holdfast.corpus.sources.zendesk.feed import ZendeskFeed
from holdfast.corpus.sources.zendesk.options import Options
from holdfast.sources import Conversation, FeedPage, Item, Passed, RawDocument
from holdfast.testing.memory_landing import MemoryLanding

SCALARS = st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(allow_nan=False) | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
DATES = st.sampled_from(["2026-03-02T09:00:00Z", "2026-03-02", "soon", ""])
CANARY = "CANARY"


def rows(*names: str, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of an API that keeps to nothing: any field may lack, or hold anything."""
    fields = {name: known.get(name, VALUES) | VALUES for name in names}
    return st.fixed_dictionaries({}, optional=fields)


TRANSLATIONS = rows("locale", "title", "body", "draft", "hidden", "outdated", "html_url", "updated_at",
                    locale=st.sampled_from(["fr", "en-us"]), body=st.just("<p>x</p>"), draft=st.booleans())  # fmt: skip
ARTICLES = rows(
    "locale", "source_locale", "section_id", "user_segment_id", "user_segment_ids", "html_url", "label_names",
    "content_tag_ids", "vote_sum", "vote_count", "outdated_locales", "updated_at", "title", "body",
    locale=st.just("en-us"), source_locale=st.just("en-us"), user_segment_id=st.sampled_from([None, 5, 6]),
)  # fmt: skip
COMMENTS = rows(
    "author_id", "body", "html_body", "plain_body", "public", "comment_public", "type", "created_at", "data", "via",
    body=st.just("words"), public=st.booleans(), created_at=DATES,
)  # fmt: skip
TICKETS = rows(
    "subject", "raw_subject", "status", "is_public", "tags", "via", "custom_fields", "satisfaction_rating",
    "requester_id", "assignee_id", "followup_ids", "brand_id", "updated_at", "problem_id", "generated_timestamp",
    is_public=st.booleans(), tags=st.just(["closed_by_merge"]), subject=st.just("{{dc.x}} hello"), updated_at=DATES,
)  # fmt: skip


def made(landing: MemoryLanding, **options: Any) -> dict[str, RawDocument | Passed]:
    feed = ZendeskFeed(subdomain="acme", oauth_token="token", **options)
    found = list(feed.documents(landing))
    assert sorted(one.id for one in found) == sorted(landing.document_ids())
    for one in found:
        msgspec.json.encode(one)
    some = list(landing.document_ids())[::2]
    assert list(feed.documents(landing, some)) == [one for one in found if one.id in some]
    return {one.id: one for one in found}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(ARTICLES, st.lists(TRANSLATIONS, max_size=3)), max_size=3), rows("user_type", "tags"))
def test_any_articles_make_documents_and_none_is_public_that_does_not_say_so(
    articles: list[tuple[dict[str, Any], list[dict[str, Any]]]], segment: dict[str, Any]
) -> None:
    landing = MemoryLanding()
    landing.keep(FeedPage(items=(article_items.segment_item({**segment, "id": 5}),), cursor=None))
    for number, (row, translations) in enumerate(articles, 1):
        items = article_items.article_items({**row, "id": number}, translations, (), None, ())
        landing.keep(FeedPage(items=tuple(items), cursor=None))
    for own, document in made(landing).items():
        if isinstance(document, RawDocument) and not document.principals:
            row = articles[int(article_items.article_of(own)) - 1][0]
            assert row.get("user_segment_id") is None
            several = row.get("user_segment_ids")
            assert not isinstance(several, list) or all(one is None for one in several)
            assert "user_segment_id" in row or "user_segment_ids" in row


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TICKETS, st.lists(COMMENTS, max_size=4)), max_size=3))
def test_any_tickets_make_conversations_and_no_word_of_a_note(
    tickets: list[tuple[dict[str, Any], list[dict[str, Any]]]],
) -> None:
    landing = MemoryLanding()
    person = ticket_items.Person("agent", "Ada")
    for number, (row, comments) in enumerate(tickets, 1):
        own = str(number)
        items = [ticket_items.ticket_item({**row, "id": number}, {"7"}, person, notes=False)]
        for place, comment in enumerate(comments):
            said = comment if ticket_items.is_public(comment) else {**comment, "body": CANARY, "html_body": CANARY}
            items.append(ticket_items.comment_item({**said, "id": f"{own}-{place}"}, own, person, None))
            if (merge := ticket_items.merge_item(said, own)) is not None:
                items.append(merge)
        landing.keep(FeedPage(items=tuple(items), cursor=None))
    for own, document in made(landing, content="tickets").items():
        row, comments = tickets[int(own) - 1]
        if isinstance(document, RawDocument):
            assert row.get("is_public") is True
            assert document.principals == ("staff",)
            assert CANARY.encode() not in bytes(document.body)
            assert CANARY not in str(document.title)
            turns = msgspec.json.decode(document.body, type=Conversation).turns
            assert len(turns) <= sum(map(ticket_items.is_public, comments))
            assert "{{" not in (document.title or "")


@given(st.dictionaries(st.sampled_from("abcd"), st.tuples(st.sampled_from("abcdx"), st.sampled_from("kx")), max_size=4))
def test_a_path_ends_even_where_sections_stand_in_each_other_in_a_circle(tree: dict[str, tuple[str, str]]) -> None:
    sections = {own: {"name": own, "parent_section_id": up, "category_id": top} for own, (up, top) in tree.items()}
    around = Surroundings(sections, {"k": {"name": "K"}}, {})
    for own in "abcdx":
        assert len(around.path(own, "fr")) <= 5


def test_a_path_is_in_the_language_of_the_document_where_its_sections_are_translated() -> None:
    sections = {"1": {"name": "Plans", "category_id": 9}, "1-fr": {"name": "Offres"}}
    around = Surroundings(sections, {"9": {"name": "Billing"}}, {})
    assert around.path("1", "fr") == ("Billing", "Offres")
    assert around.path("1", "FR") == ("Billing", "Offres")
    assert around.path("1", "de") == ("Billing", "Plans")


def test_a_comment_that_does_not_say_that_it_is_public_is_not() -> None:
    for row in ({}, {"public": None}, {"public": "true"}, {"public": 1}, {"public": True, "comment_public": False}):
        assert not ticket_items.is_public(row)
    assert ticket_items.is_public({"public": True})


def test_of_a_merge_only_the_number_of_the_other_ticket_is_kept() -> None:
    said = {"body": f'{CANARY} This request was closed and merged into request #35 "{CANARY}"', "public": False}
    assert ticket_items.merge_item(said, "7") == Item(kind="merge", id="7", document="7", data={"into": "35"})
    assert ticket_items.merge_item({"body": "see ticket #35"}, "7") is None


def test_every_setting_of_the_source_is_in_its_page_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "build" / "connect-zendesk.md").read_text("utf-8")
    told = {
        name: default
        for names, default in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.*?) ?\| .+ \|$", page, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert set(Options.__struct_fields__) <= set(told)
    for name, default in told.items():
        if default.startswith("`") and name in Options.__struct_fields__:
            assert msgspec.json.decode(default.strip("`")) == getattr(Options(), name), name
