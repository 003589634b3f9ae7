"""The Zendesk feed reads Help Centers as they are: every language, every change, nothing that is gone."""

from __future__ import annotations

import random

import pytest

from holdfast.errors import Misconfigured
from holdfast.sources import RawDocument
from holdfast.testing.zendesk import Account
from zendesk_reading import Reading, first, help_center, reading


async def test_an_article_is_a_document_in_each_language_it_is_published_in() -> None:
    made, _ = help_center()
    center, own = made.help_center, str(first(made).id)
    center.translate(first(made).id, "fr", "Titre", "<p>Mots</p>")
    center.translate(first(made).id, "de", "Titel", "<p>Entwurf</p>", draft=True)
    center.translate(first(made).id, "ja", "題", "<p>隠</p>")
    center.translations[first(made).id, "ja"].hidden = True
    center.translate(first(made).id, "es", "Nada", None)
    async with reading(made) as it:
        await it.sync()
        assert set(it.documents) == {own, f"{own}-fr", *map(str, list(center.articles)[1:])}
        french = it.documents[f"{own}-fr"]
        assert (french.title, french.body, french.locale) == ("Titre", "<p>Mots</p>", "fr")
        assert french.section == ("Billing", "Plans")
        assert french.url is not None
        assert "/hc/fr/articles/" in french.url
        assert it.passed == {f"{own}-de": "draft", f"{own}-ja": "hidden", f"{own}-es": "empty body"}


async def test_only_the_languages_asked_for_land() -> None:
    made, _ = help_center(1)
    own = str(first(made).id)
    made.help_center.translate(first(made).id, "fr", "Titre", "<p>Mots</p>")
    async with reading(made, locales=["fr"]) as it:
        await it.sync()
        await it.sync()
        assert set(it.documents) == {f"{own}-fr"}
        assert it.passed == {own: "its language en-us is not asked for"}
        assert "Words 0" not in it.kept_text


async def test_what_was_archived_unpublished_or_restricted_is_gone_or_changed_after_one_sync() -> None:
    made, _ = help_center(4)
    center, ids = made.help_center, [*made.help_center.articles]
    center.translate(ids[0], "fr", "Titre", "<p>Mots</p>")
    async with reading(made) as it:
        await it.sync()
        made.clock.advance(60)
        center.archive(ids[0])
        center.publish(ids[1], draft=True)
        center.restrict(ids[2], center.segment("staff", "staff"))
        center.segments[next(iter(center.segments))].tags = ["two"]
        await it.sync()
        assert set(it.documents) == {str(ids[2]), str(ids[3])}
        assert it.documents[str(ids[2])].principals == (f"segment:{next(iter(center.segments))}",)
        assert it.passed == {str(ids[1]): "draft"}
        center.restore(ids[0])
        center.publish(ids[1])
        await it.sync()
        assert set(it.documents) == {*map(str, ids), f"{ids[0]}-fr"}


async def test_a_translation_that_is_removed_without_a_sign_is_gone() -> None:
    made, _ = help_center(1)
    own = first(made).id
    made.help_center.translate(own, "fr", "Titre", "<p>Mots</p>")
    async with reading(made) as it:
        await it.sync()
        made.help_center.remove_translation(own, "fr")
        await it.sync()
        assert set(it.documents) == {str(own)}


async def test_a_change_that_moves_no_date_is_found_by_the_sweep() -> None:
    made, section = help_center(1)
    center, own = made.help_center, first(made).id
    center.translate(own, "fr", "Titre", "<p>Mots</p>")
    other = center.section("Invoices", center.categories[section.category_id])
    made.clock.advance(100_000)
    center.article("Late", "<p>late</p>", section)
    async with reading(made) as it:
        await it.sync()
        segment = center.segment("staff", "staff")
        row = center.articles[own]
        row.section_id, row.user_segment_id, row.user_segment_ids = other.id, segment.id, [segment.id]
        center.translations[own, "fr"].body = "<p>Autres mots</p>"
        await it.sync()
        for document in (it.documents[str(own)], it.documents[f"{own}-fr"]):
            assert document.section == ("Billing", "Invoices")
            assert f"segment:{segment.id}" in document.principals
        assert it.documents[f"{own}-fr"].body == "<p>Autres mots</p>"


async def test_a_renamed_category_changes_every_path_without_reading_an_article_again() -> None:
    made, section = help_center(3)
    async with reading(made) as it:
        await it.sync()
        made.help_center.categories[section.category_id].name = "Money"
        before = it.landing.mark
        await it.sync()
        assert {document.section for document in it.documents.values()} == {("Money", "Plans")}
        assert it.landing.touched(before) is None
        assert [len(list(it.landing.rows(kind))) for kind in ("article", "translation")] == [3, 3]


async def test_nested_sections_are_the_whole_path() -> None:
    made, section = help_center(0)
    center = made.help_center
    inner = center.section("Refunds", center.categories[section.category_id], parent=section)
    center.article("Deep", "<p>x</p>", inner)
    async with reading(made) as it:
        await it.sync()
        (document,) = it.documents.values()
        assert document.section == ("Billing", "Plans", "Refunds")


async def test_votes_move_metadata_and_not_the_date() -> None:
    made, _ = help_center(1)
    async with reading(made) as it:
        await it.sync()
        before = it.documents[str(first(made).id)]
        made.clock.advance(600)
        made.help_center.vote(first(made).id)
        await it.sync()
        after = it.documents[str(first(made).id)]
        assert (after.body, after.updated_at) == (before.body, before.updated_at)
        assert after.metadata["votes"] == {"count": 1, "sum": 1}


async def test_metadata_says_labels_and_what_is_outdated_or_promoted() -> None:
    made, _ = help_center(1)
    own = first(made).id
    made.help_center.translate(own, "fr", "Titre", "<p>Mots</p>")
    made.clock.advance(60)
    made.help_center.translate(own, "en-us", "Title", "<p>New words</p>")
    first(made).label_names, first(made).promoted = ["vat"], True
    async with reading(made) as it:
        await it.sync()
        assert it.documents[f"{own}-fr"].metadata == {"outdated": True, "labels": ["vat"], "promoted": True}
        assert "outdated" not in it.documents[str(own)].metadata


async def test_an_empty_diff_does_not_begin_anew() -> None:
    made, _ = help_center(3)
    async with reading(made) as it:
        await it.sync()
        made.clock.advance(86_400)
        await it.sync()
        await it.sync()
        asked = [s.asked.query["start_time"] for s in it.server.requests if "incremental" in s.asked.path]
        assert asked[0] == "0"
        assert all(int(start) > 1_700_000_000 for start in asked[1:])


async def test_more_articles_in_one_second_than_a_page_holds_all_arrive_and_the_export_goes_on() -> None:
    made, section = help_center(0)
    for number in range(1050):
        made.help_center.article(f"Title {number}", f"<p>Words {number}</p>", section)
    made.clock.advance(60)
    last = made.help_center.article("Later", "<p>later</p>", section)
    async with reading(made) as it:
        await it.sync()
        assert len(it.documents) == 1051
        assert it.documents[str(last.id)].title == "Later"
        assert sum("incremental" in seen.asked.path for seen in it.server.requests) < 6


async def test_stopped_anywhere_it_goes_on_and_ends_the_same() -> None:
    made, _section = help_center(120)
    for own in list(made.help_center.articles)[:30]:
        made.help_center.translate(own, "fr", f"Titre {own}", "<p>Mots</p>")
    async with reading(made) as whole:
        await whole.sync()
        pages = 1
        async with reading(made) as it:
            while pages < 30:
                await it.sync(stop_after=pages)
                pages += 3
            await it.sync()
            assert it.offered == whole.offered


async def test_every_brand_named_is_read_with_its_own_sections() -> None:
    made, _ = help_center(1)
    center = made.help_center
    brand = center.brand("Labs", "acme-labs")
    section = center.section("Beta", center.category("Labs", brand=brand))
    other = center.article("Laser", "<p>hot</p>", section)
    async with reading(made) as it:
        await it.sync()
        assert str(other.id) not in it.documents
        it.options["brands"] = [it.server.url, it.server.brand_url(brand.id)]
        await it.sync()
        assert it.documents[str(other.id)].section == ("Labs", "Beta")
        assert len(it.documents) == 2


async def test_a_webhook_brings_an_article_in_every_language_or_takes_it_away() -> None:
    made, _ = help_center(2)
    own = first(made).id
    made.help_center.translate(own, "fr", "Titre", "<p>Mots</p>")
    async with reading(made) as it:
        await it.sync()
        made.help_center.translate(own, "fr", "Nouveau", "<p>Autres</p>")
        await it.fetch(str(own))
        assert it.documents[f"{own}-fr"].title == "Nouveau"
        made.help_center.archive(own)
        await it.fetch(str(own))
        assert len(it.offered) == 1


async def test_a_webhook_that_comes_twice_or_late_changes_nothing_that_is_newer() -> None:
    made, _ = help_center(2)
    own = first(made).id
    async with reading(made) as it:
        await it.sync()
        made.help_center.translate(own, "en-us", "New", "<p>Newer</p>")
        await it.sync()
        mark, offered = it.landing.mark, it.offered
        await it.fetch(str(own), str(own))
        await it.fetch(str(own))
        assert (it.landing.mark, it.offered) == (mark, offered)
        made.help_center.archive(own)
        await it.fetch(str(own))
        await it.fetch(str(own), "999")
        assert str(own) not in it.offered


async def test_a_renamed_article_keeps_its_id_and_gets_its_new_address() -> None:
    made, _ = help_center(1)
    own = first(made).id
    async with reading(made) as it:
        await it.sync()
        made.help_center.translate(own, "en-us", "Another name", "<p>Words 0</p>")
        await it.sync()
        (document,) = it.documents.values()
        assert document.url is not None
        assert document.url.endswith("Another-name")


def test_a_webhook_is_heard_for_the_article_it_names_and_for_nothing_else() -> None:
    from holdfast.corpus.sources.zendesk.feed import ZendeskFeed

    feed = ZendeskFeed(subdomain="acme")
    event = {"type": "zen:event-type:article.published", "detail": {"id": "123", "brand_id": "9"}}
    assert feed.heard(event) == ("123",)
    assert feed.heard({"article_id": 7}) == ("7",)
    assert feed.heard({"type": "zen:event-type:ticket.created", "detail": {"id": "5"}}) == ()
    assert feed.heard({"article_id": "../users"}) == ()
    assert feed.heard([]) == ()


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_changes_the_documents_are_what_the_help_center_holds(seed: int) -> None:
    chance = random.Random(seed)
    made, section = help_center(6)
    center = made.help_center
    segment = center.segment("staff", "staff")
    archived: list[int] = []

    def step() -> None:
        made.clock.advance(chance.choice((0, 0, 1, 90)))
        ids = [*center.articles]
        kind = chance.randrange(9)
        if kind == 0 or not ids:
            center.article(f"New {chance.random()}", f"<p>{chance.random()}</p>", section)
        elif kind == 1:
            own = chance.choice(ids)
            center.archive(own)
            archived.append(own)
        elif kind == 2 and archived:
            center.restore(archived.pop())
        elif kind == 3:
            center.restrict(chance.choice(ids), chance.choice((segment, None)))
        elif kind == 4:
            center.publish(chance.choice(ids), draft=chance.random() < 0.5)
        elif kind == 5:
            center.vote(chance.choice(ids))
        else:
            locale = chance.choice(("en-us", "fr", "de"))
            words = chance.choice((f"<p>{chance.random()}</p>", None))
            center.translate(chance.choice(ids), locale, f"Title {chance.random()}", words, draft=chance.random() < 0.2)

    async with reading(made) as it:
        for _ in range(12):
            for _ in range(chance.randrange(1, 12)):
                step()
            await it.sync(stop_after=chance.choice((2, 3, None)))
        await it.sync()
        assert held(it) == expected(made)


def held(it: Reading) -> dict[str, tuple[str | None, str | bytes, bool]]:
    return {own: (one.title, one.body, bool(one.principals)) for own, one in it.documents.items()}


def expected(made: Account) -> dict[str, tuple[str | None, str | bytes, bool]]:
    found: dict[str, tuple[str | None, str | bytes, bool]] = {}
    for (own, locale), row in made.help_center.translations.items():
        article = made.help_center.articles[own]
        if row.body and not row.draft:
            name = str(own) if locale == article.source_locale else f"{own}-{locale}"
            found[name] = (row.title, row.body, article.user_segment_id is not None)
    return found


async def test_a_closed_help_center_is_an_error_and_never_an_empty_one() -> None:
    made, _ = help_center()
    async with reading(made) as it:
        await it.sync()
        made.help_center.default_brand.help_center_state = "disabled"
        with pytest.raises(Misconfigured) as failure:
            await it.sync()
        assert failure.value.code == "HF109"
        assert "Help Center is closed" in failure.value.message
        assert all(isinstance(one, RawDocument) for one in it.offered.values())
