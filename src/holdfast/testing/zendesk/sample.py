"""An account with every edge case that is known to break readers of help desks, each in small.

Does not know how they are read.
"""

from __future__ import annotations

import random

from holdfast.testing.zendesk.account import Account
from holdfast.testing.zendesk.help_center_rows import Article, Section
from holdfast.testing.zendesk.sample_html import BODIES, SHARED_BLOCK
from holdfast.testing.zendesk.sample_words import HTML, NOTE_WORD, PLAIN
from holdfast.testing.zendesk.support_rows import CustomValue, Rating, User


def sample_account(seed: int = 0) -> Account:
    """Some sixty articles and fifty tickets; another seed writes them in another order, with other ids.

    Articles are titled, and tickets tagged, by what is the matter with them. Every internal note holds `NOTE_WORD`.
    Everything happened more than an hour ago.
    """
    account = Account()
    chance = random.Random(seed)
    _articles(account, chance)
    customers, agents = _people(account)
    _tickets(account, chance, customers, agents)
    _lifecycle_of_tickets(account, customers, agents[0])
    account.clock.advance(3600)
    account.happenings.clear()
    return account


def _articles(account: Account, chance: random.Random) -> None:
    center = account.help_center
    guides, archive = center.category("Guides"), center.category("Old versions")
    billing = center.section("Billing", guides)
    invoices = center.section("Invoices", guides, parent=billing)
    cases = list(BODIES.items())
    chance.shuffle(cases)
    for name, body in cases:
        account.clock.advance(60)
        center.article(name, body, chance.choice((billing, invoices)))
    _lifecycle(account, billing, invoices)
    old = center.section("Version 1", archive)
    for version in (1, 2):
        center.article(f"Install version {version}", f"<p>Version {version} needs {version} GB of disk.</p>", old)
    labs = center.brand("Labs", f"{account.subdomain}-labs")
    start = center.section("Start", center.category("Labs", brand=labs))
    center.article("How long refunds take", "<p>Labs refunds take five days.</p>", start)


def _lifecycle(account: Account, section: Section, other: Section) -> None:
    """Drafts, moves, names, locales, votes, twins, and who may read."""
    center = account.help_center

    def write(title: str, body: str | None = "<p>Words of this article.</p>") -> Article:
        account.clock.advance(60)
        return center.article(title, body, section)

    write("body null", None)
    center.publish(write("back to draft").id, draft=True)
    center.article("never published", "<p>Not yet.</p>", section, draft=True)
    archived = write("archived")
    center.archive(archived.id)
    restored = write("restored")
    center.archive(restored.id)
    center.restore(restored.id)
    center.move(write("moved").id, other)
    renamed = write("before the new name")
    center.translate(renamed.id, "en-us", "after the new name", "<p>Words of this article.</p>")
    for body in ("<p>Refunds take five days.</p>", "<p>Refunds take seven days.</p>"):
        write("How long refunds take", body)
    write("first with the shared block", f"<p>About orders.</p>{SHARED_BLOCK}")
    write("second with the shared block", f"<p>About parcels.</p>{SHARED_BLOCK}")
    center.vote(write("voted").id)
    translated = write("translated")
    center.translate(translated.id, "de", "übersetzt", "<p>Erstattungen dauern fünf Tage.</p>")
    center.translate(translated.id, "ja", "翻訳済み", "<p>返金には五日かかります。</p>", draft=True)
    outdated = write("translation outdated")
    center.translate(outdated.id, "de", "veraltet", "<p>Zwei Tage.</p>")
    center.translate(outdated.id, "en-us", "translation outdated", "<p>Three days.</p>")
    write("wrong locale", "<p>Die Rückzahlung dauert fünf Tage und ist kostenlos.</p>")
    center.restrict(write("for signed-in users").id, center.segment("Signed in", "signed_in_users"))
    center.restrict(write("for staff").id, center.segment("Staff", "staff"))
    files = write("with files", '<p>See the picture.</p><img src="/hc/article_attachments/1/shot.png" alt="a shot">')
    center.attach(files.id, "shot.png", "image/png", b"\x89PNG\r\n\x1a\n", inline=True)
    center.attach(files.id, "terms.txt", "text/plain", b"The terms.")


def _people(account: Account) -> tuple[list[User], list[User]]:
    people = account.people
    gold = people.organization("Gold", "gold.example")
    people.group("Tier 1")
    people.field("Region", "tagger", {"eu": "Europe", "us": "America"})
    people.dynamic_text("outage", {1: "Is there an outage?", 8: "Gibt es eine Störung?"})
    customers = [people.user(f"Customer {n}", f"customer{n}@gold.example", organization=gold) for n in range(4)]
    agents = [people.user(f"Agent {n}", f"agent{n}@acme.example", "agent") for n in range(2)]
    people.suspend(customers[3].id)
    return customers, agents


def _tickets(account: Account, chance: random.Random, customers: list[User], agents: list[User]) -> None:
    """One ticket for each habit of writing, with an answer, and a note that nobody outside may read."""
    support = account.support
    cases = [(name, text, "") for name, text in PLAIN.items()] + [(name, name, text) for name, text in HTML.items()]
    chance.shuffle(cases)
    for name, text, html in cases:
        account.clock.advance(60)
        author = chance.choice(customers[:3])
        ticket = support.create(f"About: {name}", f"I have a question about my order ({name}).", author.id)
        ticket.tags = [name.replace(" ", "_")]
        agent = chance.choice(agents)
        support.comment(ticket.id, f"{NOTE_WORD}: checked the file of {author.name}.", agent.id, public=False)
        support.comment(ticket.id, text, author.id, html_body=html or None)
        support.comment(ticket.id, PLAIN["macro"], agent.id)
        if name == "voice":
            support.comments(ticket.id)[2].type = "VoiceComment"
            support.comments(ticket.id)[2].data = {"recorded": True, "call_duration": 120, "transcription_text": text}


def _lifecycle_of_tickets(account: Account, customers: list[User], agent: User) -> None:
    """Subjects that are missing, ratings, fields, files, and what becomes of tickets in the end."""
    support, kim = account.support, customers[0].id
    for subject in (None, "", "   "):
        support.create(subject, "There is no subject on this one.", kim)
    placeholder = support.create("Is there an outage?", "Nothing loads.", kim)
    placeholder.raw_subject = "{{dc.outage}}"
    good, bad, old = (
        support.create(f"Rated {score}", "Words.", kim, status="solved") for score in ("good", "bad", "old")
    )
    good.satisfaction_rating = Rating(id=1, score="good", comment="Thank you")
    bad.satisfaction_rating = Rating(id=2, score="bad", comment="That was wrong")
    old.satisfaction_rating = "offered"
    region = next(iter(account.people.fields))
    values = (None, "eu", True, 4.5, ["a", "b"])
    support.create(
        "With fields", "Words.", kim, custom=[CustomValue(id=region + n, value=v) for n, v in enumerate(values)]
    )
    first, second = support.create("Twin", "It broke.", kim), support.create("Twin", "It broke again.", kim)
    support.merge(first.id, second.id, agent.id)
    support.follow_up(first.id, "It broke a third time.", kim)
    support.side_conversation(second.id, "Spare part?", f"{NOTE_WORD}: have you the part?", "parts@vendor.example")
    files = support.create("With files", "See the files.", kim)
    attached = [support.attachment("a.zip", "application/zip", b"PK"), support.attachment("b.heic", "image/heic", b"h")]
    attached.append(support.attachment("bad.exe", "application/octet-stream", b"MZ", malware=True))
    attached[0].size = 100_000_000  # only says so
    support.comment(files.id, "", kim, attachments=attached)
    redacted = support.create("Redacted", "My PIN is 9137.", kim)
    support.redact(redacted.id, support.comments(redacted.id)[0].id, "9137")
    slipped = support.create("Made private", "Where is my parcel?", kim)
    slip = support.comment(slipped.id, f"{NOTE_WORD}: this should have been a note.", agent.id)
    support.make_private(slipped.id, slip.id)
    spam = support.create("Cheap watches", "Buy now.", customers[3].id)
    support.delete(spam.id)
    support.scrub(support.create("Forgotten", "Please forget me, says Kim.", kim).id)
    support.archive(support.create("Long ago", "This one is archived.", kim).id)
    account.people.delete(customers[2].id, for_good=True)
    system = support.create("From the system", "A message came in.", kim)
    support.comment(system.id, "This ticket was escalated.", -1)
    internal = support.create("Not public", f"{NOTE_WORD}: opened by an agent, for agents.", agent.id)
    internal.is_public = False
    support.comments(internal.id)[0].public = False
