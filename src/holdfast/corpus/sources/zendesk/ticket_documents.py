"""From the items that are kept of tickets to documents: each ticket a conversation.

Knows nothing of HTTP or of what changed: the same items give the same documents. What cannot be shown to be public is
left out here a second time, whatever landed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from holdfast.corpus.sources.values import moment_of, names_of, parts_of, text_of
from holdfast.corpus.sources.zendesk.options import STAFF, Options
from holdfast.corpus.sources.zendesk.ticket_items import (
    BRAND,
    COMMENT,
    CONTENT,
    DELETED,
    FIELD,
    MERGE,
    MERGED,
    TICKET,
    Row,
)
from holdfast.messages import Json
from holdfast.sources import Conversation, Item, Landed, Passed, RawDocument, Turn

LONGEST_TITLE = 80
ANSWERS = ("agent", "admin")
_PLACEHOLDER = re.compile(r"\{\{\s*(dc\.[\w.-]+)\s*\}\}", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tickets share: fields, brands, and the texts that placeholders stand for."""

    fields: Mapping[str, Row]
    brands: Mapping[str, Row]
    texts: Mapping[str, Row]

    @classmethod
    def of(cls, landed: Landed) -> Surroundings:
        """Those that are kept."""
        return cls(*({item.id: item.data or {} for item in landed.rows(kind)} for kind in (FIELD, BRAND, CONTENT)))

    def resolved(self, text: str) -> str:
        """The text with what its `{{dc.…}}` stand for; those nobody knows are left out."""
        if "{{" not in text:
            return text
        return _PLACEHOLDER.sub(lambda found: text_of(self.texts.get(found[1].lower(), {}).get("text")), text)

    def labels(self, values: Json) -> dict[str, Json]:
        """The chosen options of a ticket's fields, as people read them, by the field's title."""
        found: dict[str, Json] = {}
        for own, value in values.items() if isinstance(values, dict) else ():
            field = self.fields.get(own)
            if field is None:
                continue
            title, known = self.resolved(text_of(field.get("title"))), field.get("labels") or {}
            if isinstance(value, bool):
                found[title] = value
            else:
                parts = value if isinstance(value, list) else [value]
                names = [
                    self.resolved(known.get(text_of(part)) or text_of(part)).replace("::", " > ") for part in parts
                ]
                found[title] = names if isinstance(value, list) else names[0]
        return found


def documents(options: Options, landed: Landed, only: Collection[str] | None) -> Iterator[RawDocument | Passed]:
    """What the kept tickets make, each document once; see `Feed.documents`."""
    around = Surroundings.of(landed)
    for own, items in landed.documents(only):
        kinds = {item.kind: item for item in items if item.kind != COMMENT}
        ticket = kinds.get(TICKET)
        if ticket is None or ticket.data is None:
            yield Passed(id=own, reason="deleted ticket" if DELETED in kinds else "its ticket has not come yet")
        elif reason := _left_out(ticket.data, around, options):
            yield Passed(id=own, reason=reason)
        else:
            merge = kinds.get(MERGE)
            into = "" if merge is None else text_of((merge.data or {}).get("into"))
            comments = (item for item in items if item.kind == COMMENT)
            yield _ticket(own, ticket.data, comments, into, around, options)


def _left_out(ticket: Row, around: Surroundings, options: Options) -> str:
    """Why a ticket makes no document; empty where it makes one."""
    status = text_of(ticket.get("status"))
    updated_at = moment_of(ticket.get("updated_at"))
    if ticket.get("is_public") is not True and not options.internal_notes:
        return "internal ticket: nothing in it is public"
    if ticket.get("suspended") is True:
        return "its requester is suspended, as senders of spam are"
    if options.statuses and status not in options.statuses:
        return f"status {status} is not asked for"
    if options.since is not None and updated_at is not None and updated_at < options.since:
        return f"not changed since {options.since.date()}"
    if options.brands and not set(options.brands) & _brand_names(ticket, around):
        return "its brand is not asked for"
    return ""


def _brand_names(ticket: Row, around: Surroundings) -> set[str]:
    own = text_of(ticket.get("brand_id"))
    brand = around.brands.get(own, {})
    return {own, text_of(brand.get("name")), text_of(brand.get("subdomain"))} - {""}


def _ticket(
    own: str, ticket: Row, comments: Iterable[Item], into: str, around: Surroundings, options: Options
) -> RawDocument | Passed:
    turns = tuple(_turns(ticket, comments, around, options))
    if not turns:
        return Passed(id=own, reason="no words that may be shown")
    subject = " ".join(around.resolved(text_of(ticket.get("subject")) or text_of(ticket.get("raw_subject"))).split())
    return RawDocument(
        id=own,
        body=msgspec.json.encode(Conversation(turns=turns)),
        media_type="application/vnd.holdfast.conversation+json",
        title=subject or _first_words(turns[0]) or None,
        url=f"{options.origin}/agent/tickets/{own}",
        updated_at=moment_of(ticket.get("updated_at")),
        principals=(STAFF,) if options.principals is None else options.principals,
        metadata=_metadata(ticket, into, around),
    )


def _turns(ticket: Row, comments: Iterable[Item], around: Surroundings, options: Options) -> Iterator[Turn]:
    kept = [(item.id, item.data) for item in comments if item.data is not None]
    kept.sort(key=lambda one: (moment_of(one[1].get("created_at")) or _FIRST, len(one[0]), one[0]))
    for _, comment in kept:
        if comment.get("public") is not True and not options.internal_notes:
            continue
        body = around.resolved(text_of(comment.get("body")))
        is_html = comment.get("media_type") == "text/html"
        if _says_something(body, is_html=is_html):
            yield Turn(
                role=_role(ticket, comment),
                body=body,
                media_type="text/html" if is_html else "text/plain",
                author=text_of(comment.get("name")),
                at=moment_of(comment.get("created_at")),
            )


def _says_something(body: str, *, is_html: bool) -> bool:
    """Whether there are words in it, or a picture, which may be described."""
    return bool(body) and (not is_html or "<img" in body.lower() or bool(html.unescape(_TAG.sub("", body)).strip()))


def _role(ticket: Row, comment: Row) -> Literal["customer", "agent", "system"]:
    """Who asks is the customer, also one who works for the company; whoever is not known does not answer for it."""
    author, role = comment.get("author_id"), text_of(comment.get("role"))
    if role == "system":
        return "system"
    if author == ticket.get("requester_id"):
        return "customer"
    if role:
        return "agent" if role in ANSWERS else "customer"
    return "agent" if author is not None and author == ticket.get("assignee_id") else "customer"


def _metadata(ticket: Row, into: str, around: Surroundings) -> dict[str, Json]:
    tags, via = names_of(ticket.get("tags")), ticket.get("via") or {}
    brand = around.brands.get(text_of(ticket.get("brand_id")), {})
    merged = MERGED in tags
    found: dict[str, Json] = {
        "status": text_of(ticket.get("status")),
        "created_at": text_of(ticket.get("created_at")),
        "priority": text_of(ticket.get("priority")),
        "type": text_of(ticket.get("type")),
        "brand": text_of(brand.get("name")),
        "channel": text_of(via.get("channel")),
        "satisfaction": text_of(ticket.get("satisfaction")),
        "tags": list(tags),
        "fields": around.labels(ticket.get("fields")),
        "merged": merged,
        "merged_into": into if merged else "",
        "follow_up_of": text_of(via.get("follow_up_of")),
        "followed_up_by": [text_of(one) for one in parts_of(ticket.get("followup_ids"))],
        "problem": text_of(ticket.get("problem_id")),
    }
    return {name: value for name, value in found.items() if value}


def _first_words(turn: Turn) -> str:
    text = html.unescape(_TAG.sub(" ", turn.body)) if turn.media_type == "text/html" else turn.body
    line = next((line for part in text.splitlines() if (line := " ".join(part.split()))), "")
    return line if len(line) <= LONGEST_TITLE else line[:LONGEST_TITLE].rsplit(" ", 1)[0] + " ..."
