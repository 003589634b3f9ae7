"""The Zendesk feed makes nothing public that is not: segments, drafts, attachments, and what cannot be read."""

from __future__ import annotations

from holdfast.sources import Passed
from holdfast.testing.zendesk import Account, ZendeskServer, faults
from zendesk_reading import first, help_center, reading


async def test_drafts_can_be_asked_for_and_are_for_staff_only() -> None:
    made, section = help_center(0)
    made.help_center.article("Soon", "<p>secret plan</p>", section, draft=True)
    async with reading(made, include_drafts=True) as it:
        await it.sync()
        (draft,) = it.documents.values()
        assert draft.principals == ("staff",)
        assert draft.metadata["draft"] is True


async def test_who_may_see_an_article_becomes_principals() -> None:
    made, section = help_center(1)
    center = made.help_center
    segments = [
        center.segment("everybody signed in", "signed_in_users"),
        center.segment("staff", "staff"),
        center.segment("gold customers", "signed_in_users", tags=("gold",)),
        center.segment("tier 2", "staff", groups=(7,)),
    ]
    for segment in segments:
        center.article(segment.name, "<p>restricted</p>", section, segment=segment)
    async with reading(made) as it:
        await it.sync()
        seen = {document.title: set(document.principals) for document in it.documents.values()}
        ids = [f"segment:{segment.id}" for segment in segments]
        assert seen == {
            "Title 0": set(),
            "everybody signed in": {ids[0], "signed_in"},
            "staff": {ids[1], "staff"},
            "gold customers": {ids[2]},
            "tier 2": {ids[3]},
        }


async def test_a_segment_that_cannot_be_read_any_more_lets_in_fewer_and_never_more() -> None:
    made, section = help_center(0)
    segment = made.help_center.segment("all", "signed_in_users")
    made.help_center.article("Private", "<p>x</p>", section, segment=segment)
    async with reading(made) as it:
        await it.sync()
        made.access.forbidden.add("user_segments")
        await it.sync()
        (document,) = it.documents.values()
        assert document.principals == (f"segment:{segment.id}",)


async def test_an_article_that_does_not_say_who_may_see_it_is_no_document_but_a_failure() -> None:
    made, _ = help_center(1)
    async with reading(made) as it:
        await it.sync()
        (item,) = it.landing.rows("article")
        data = {name: value for name, value in (item.data or {}).items() if not name.startswith("user_segment")}
        it.landing._items["article", item.id].item = type(item)(kind="article", id=item.id, document=item.id, data=data)
        assert not it.documents
        (passed,) = it.offered.values()
        assert getattr(passed, "failed", False)


async def test_without_credentials_the_public_articles_are_read_in_every_language() -> None:
    made, section = help_center(2)
    center, ids = made.help_center, [*made.help_center.articles]
    center.translate(ids[0], "fr", "Titre", "<p>Mots</p>")
    center.translate(ids[1], "fr", "Titre", "<p>Entwurf</p>", draft=True)
    center.article("Private", "<p>PRIVATE-CANARY</p>", section, segment=center.segment("staff", "staff"))
    async with reading(made, email=None, token=None) as it:
        await it.sync()
        assert set(it.documents) == {*map(str, ids), f"{ids[0]}-fr"}
        assert "PRIVATE-CANARY" not in it.kept_text
        assert it.documents[str(ids[0])].section == ("Billing", "Plans")
        center.archive(ids[0])
        before = it.landing.mark
        await it.sync()
        assert set(it.documents) == {str(ids[1])}
        await it.sync()
        assert it.landing.mark == before + 1


async def test_a_webhook_without_credentials_brings_what_everybody_sees() -> None:
    made, _ = help_center(2)
    own = first(made).id
    made.help_center.translate(own, "fr", "Titre", "<p>Mots</p>")
    async with reading(made, email=None, token=None) as it:
        await it.sync()
        made.help_center.translate(own, "fr", "Nouveau", "<p>Autres</p>")
        await it.fetch(str(own))
        assert it.documents[f"{own}-fr"].title == "Nouveau"
        made.help_center.restrict(own, made.help_center.segment("staff", "staff"))
        await it.fetch(str(own))
        assert len(it.offered) == 1
        it.options["locales"] = ["xx"]
        await it.fetch(str(own))
        assert len(it.offered) == 1


async def test_attachments_are_documents_with_the_permissions_of_their_article() -> None:
    made, _ = help_center(2)
    center, (own, public) = made.help_center, made.help_center.articles
    center.restrict(own, center.segment("tier 2", "staff", groups=(7,)))
    manual = center.attach(own, "manual.txt", "text/plain", b"turn it off and on")
    picture = center.attach(own, "screen.png", "image/png", b"png")
    center.attach(own, "inline.png", "image/png", b"png", inline=True)
    for options in ({}, {"attachments": True}):
        async with reading(made, **options) as it:
            await it.sync()
            document_id = f"{own}-attachment-{manual.id}"
            if not options:
                assert not any("attachment" in known for known in it.offered)
                continue
            document = it.documents[document_id]
            assert (document.body, document.media_type) == (b"turn it off and on", "text/plain")
            assert document.principals == it.documents[str(own)].principals
            assert it.passed == {
                f"{own}-attachment-{picture.id}": "not a kind of file that is read (image/png)",
            }
            downloads = sum("article_attachments" in seen.asked.path for seen in it.server.requests)
            made.clock.advance(60)
            center.restrict(own, None)
            await it.sync()
            assert it.documents[document_id].principals == ()
            assert sum("article_attachments" in seen.asked.path for seen in it.server.requests) == downloads
            center.publish(own, draft=True)
            await it.sync()
            assert document_id not in it.documents
            center.archive(own)
            await it.sync()
            assert set(it.offered) == {str(public)}


async def test_a_file_that_is_kept_elsewhere_is_followed_there_without_credentials() -> None:
    made, _ = help_center(1)
    other = Account()
    other.help_center.article("Host", "<p>x</p>", other.help_center.section("S", other.help_center.category("C")))
    kept = other.help_center.attach(first(other).id, "kept.txt", "text/plain", b"kept elsewhere")
    made.help_center.attach(first(made).id, "manual.txt", "text/plain", b"")
    async with ZendeskServer(other) as elsewhere, reading(made, attachments=True) as it:
        there = faults.redirected(f"{elsewhere.url}{kept.relative_path}")
        it.server.on_request(lambda asked: "article_attachments" in asked.path, there)
        await it.sync()
        assert b"kept elsewhere" in [document.body for document in it.documents.values()]
        assert [seen.asked.headers.get("authorization") for seen in elsewhere.requests] == [None]


async def test_a_file_is_not_fetched_from_an_address_of_the_machine_itself_or_of_its_network() -> None:
    made, _ = help_center(1)
    made.help_center.attach(first(made).id, "manual.txt", "text/plain", b"x")
    async with reading(made, attachments=True) as it:
        inside = faults.redirected("http://169.254.169.254/latest/meta-data")
        it.server.on_request(lambda asked: "article_attachments" in asked.path, inside, times=None)
        await it.sync()
        (reason,) = it.passed.values()
        assert reason == "unread: the host answered 403"


async def test_a_file_that_cannot_be_read_now_is_read_with_the_next_sync() -> None:
    made, _ = help_center(1)
    made.help_center.attach(first(made).id, "manual.txt", "text/plain", b"turn it off")
    async with reading(made, attachments=True) as it:
        it.server.on_request(lambda asked: "article_attachments" in asked.path, faults.refused(500), times=None)
        await it.sync()
        assert [one.failed for one in it.offered.values() if isinstance(one, Passed)] == [True]
        it.server.clear_faults()
        await it.sync()
        assert b"turn it off" in [document.body for document in it.documents.values()]
