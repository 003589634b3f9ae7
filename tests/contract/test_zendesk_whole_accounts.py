"""The Zendesk feed reads whole accounts: one with every edge case, and one with thousands of tickets and faults."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from holdfast.testing.zendesk import NOTE_WORD, Limits, ManyTickets, big_account, faults, sample_account
from zendesk_reading import plain, reading, turns


@pytest.mark.parametrize("seed", range(2))
async def test_of_every_edge_case_there_is_a_document_or_a_reason_and_no_word_of_a_note(seed: int) -> None:
    made = sample_account(seed)
    support = made.support
    async with reading(made, content="tickets") as it:
        await it.sync()
        await it.fetch(*map(str, support.ids()))
        assert NOTE_WORD not in it.kept_text
        assert set(it.offered) == {str(own) for own in support.ids()}
        for own, document in it.documents.items():
            said = [plain(comment.html_body).strip() for comment in support.comments(int(own)) if comment.public]
            assert len(turns(document)) == len([words for words in said if words])
            assert document.title
            assert "{{" not in document.title
            assert "None" not in document.title
        for own, reason in it.passed.items():
            ticket = support.ticket(int(own))
            assert ticket is not None
            public = ticket.is_public and any(comment.public for comment in support.comments(ticket.id))
            suspended = made.people.users[ticket.requester_id].suspended
            assert ticket.status == "deleted" or not public or suspended, reason


@pytest.mark.parametrize("seed", range(2))
async def test_of_every_article_that_is_published_there_is_a_document_and_of_every_other_a_reason(seed: int) -> None:
    made = sample_account(seed)
    center = made.help_center
    async with reading(made) as it:
        it.options["brands"] = [it.server.brand_url(brand) for brand in center.brands]
        await it.sync()
        await it.sync()
        wanted = {
            str(own) if locale == center.articles[own].source_locale else f"{own}-{locale}": row
            for (own, locale), row in center.translations.items()
        }
        assert set(it.offered) == set(wanted)
        for own, row in wanted.items():
            if row.draft or row.hidden or not (row.body or "").strip():
                assert own in it.passed
            else:
                assert (it.documents[own].title, it.documents[own].body) == (row.title, row.body)
                restricted = center.articles[row.source_id].user_segment_id is not None
                assert bool(it.documents[own].principals) == restricted


async def test_thousands_of_tickets_through_limits_faults_and_restarts_are_complete_and_exact() -> None:
    chance = random.Random(0)
    made = big_account(2_500, customers=300)
    support = made.support
    past = support.past
    assert isinstance(past, ManyTickets)
    kinds = (
        lambda: faults.too_many(9, plain=chance.random() < 0.5),
        lambda: faults.refused(chance.choice((409, 500, 502, 503, 520, 524))),
        lambda: faults.cut(chance.choice(("connection", "headers", "body", "chunk"))),
        faults.truncated,
        faults.page_of_html,
        faults.emptied,
        lambda: faults.doubled(5),
    )
    async with reading(made, Limits(support=200, export=10), content="tickets") as it:
        for number in range(1, 400):
            if chance.random() < 0.4:
                it.server.on_request(number, chance.choice(kinds)())
        for pages in (2, 1, 3, 2, 4):
            await it.sync(stop_after=pages)
        await it.sync()
        assert (it.server.early, it.server.over_limit) == (0, 0)
        assert set(it.passed) == {str(own) for own in support.ids() if past.deleted(own)}
        assert NOTE_WORD not in it.kept_text
        documents = it.documents
        assert len(documents) + len(it.passed) == 2_500
        for own, document in documents.items():
            public = [comment for comment in support.comments(int(own)) if comment.public]
            assert [words for _, words in turns(document)] == [plain(comment.html_body) for comment in public]
            assert {role for role, _ in turns(document)} <= {"customer", "agent"}
            assert document.metadata.get("merged_into") == (str(int(own) - 1) if past.merged(int(own)) else None)
        whole = {own: replace(one, url=None) for own, one in documents.items()}
    async with reading(made, content="tickets") as well:
        await well.sync()
        assert {own: replace(one, url=None) for own, one in well.documents.items()} == whole
