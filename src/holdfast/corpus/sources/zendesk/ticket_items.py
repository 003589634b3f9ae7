"""Tickets and comments as the Support API gives them, as the items that are kept of them.

Knows nothing of HTTP. What is kept is named field by field: of an internal note nothing is, unless notes are asked for,
and of anybody's address, place or device nothing is ever.

A ticket's `description` is its first comment, and so may be a note; it is never taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from msgspec import Struct

from holdfast.corpus.sources.values import text_of
from holdfast.messages import Json
from holdfast.sources import Item

Row = Mapping[str, Json]

TICKET, DELETED, COMMENT, MERGE = "ticket", "deleted_ticket", "comment", "merge"
FIELD, BRAND, CONTENT = "ticket_field", "brand", "dynamic_content"

MERGED = "closed_by_merge"
_SYSTEM = -1
_ALWAYS = ("id", "status", "is_public", "brand_id", "created_at", "updated_at", "generated_timestamp")
_PUBLIC = (
    "subject", "raw_subject", "priority", "type", "tags", "requester_id", "assignee_id", "collaborator_ids",
    "email_cc_ids", "follower_ids", "followup_ids", "problem_id",
)  # fmt: skip
_CHOSEN = ("tagger", "multiselect", "checkbox", "dropdown")
_INTO = re.compile(r"merged into (?:request|ticket)?\s*#(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"#(\d+)")
_CHANGED = re.compile(r"redact|privacy", re.IGNORECASE)
_ENTITY = re.compile(r"<[^>]*>")


class Person(Struct, frozen=True):
    """What is kept of a user, with what they wrote. `role` is Zendesk's, empty where the user is not known any more."""

    role: str = ""
    name: str = ""
    suspended: bool = False


def person(row: Row) -> Person:
    return Person(text_of(row.get("role")), text_of(row.get("name")), row.get("suspended") is True)


def is_deleted(row: Row) -> bool:
    """Whether a ticket was deleted; one that was scrubbed after that still says so."""
    return text_of(row.get("status")) == "deleted"


def ticket_item(row: Row, chosen: Collection[str], requester: Person, *, notes: bool) -> Item:
    """A ticket. Of one in which nothing is public only that it is there, unless notes are asked for."""
    own = text_of(row.get("id"))
    data: dict[str, Json] = {name: row[name] for name in _ALWAYS if name in row}
    if notes or row.get("is_public") is True:
        data |= {name: row[name] for name in _PUBLIC if row.get(name) not in (None, "", [])}
        data["suspended"] = requester.suspended
        data["satisfaction"] = _satisfaction(row.get("satisfaction_rating"))
        data["fields"] = _fields(row, chosen)
        data["via"] = _via(row)
    return Item(kind=TICKET, id=own, document=own, data=data)


def deleted_item(row: Row) -> Item:
    own = text_of(row.get("id"))
    return Item(kind=DELETED, id=own, document=own, data={"id": row.get("id")})


def gone(kind: str, own: str, document: str) -> Item:
    return Item(kind=kind, id=own, document=document, data=None)


def is_comment(row: Row) -> bool:
    return "Comment" in (row.get("type"), row.get("event_type")) or row.get("type") == "VoiceComment"


def asks_again(row: Row) -> bool:
    """Whether an event of a ticket changes a comment that was read before: its text, or who may see it."""
    return not is_comment(row) and bool(_CHANGED.search(text_of(row.get("event_type") or row.get("type"))))


def is_public(row: Row) -> bool:
    """Whether everybody who sees the ticket sees the comment. What does not say so is not."""
    return row.get("public") is True and row.get("comment_public", True) is True


def has_body(row: Row) -> bool:
    return bool(_body(row)[0])


def comment_item(row: Row, ticket_id: str, author: Person, at: Json) -> Item:
    """A comment. `at` is when its event was, for one that does not say when it was written."""
    body, media_type = _body(row)
    data: dict[str, Json] = {
        "author_id": row.get("author_id"),
        "role": "system" if row.get("author_id") == _SYSTEM else author.role,
        "name": author.name,
        "public": is_public(row),
        "body": body,
        "media_type": media_type,
        "created_at": row.get("created_at") or at,
    }
    return Item(kind=COMMENT, id=text_of(row.get("id")), document=ticket_id, data=data)


def merge_item(row: Row, ticket_id: str) -> Item | None:
    """Into which ticket a comment says that its own was merged: that number alone, for the comment may be a note."""
    text = _ENTITY.sub(" ", text_of(row.get("plain_body") or row.get("body") or row.get("html_body")))
    found = _INTO.search(text)
    if found is None and text_of(_source(row).get("rel")) == "merge":
        found = _NUMBER.search(text)
    if found is None or found[1] == ticket_id:
        return None
    return Item(kind=MERGE, id=ticket_id, document=ticket_id, data={"into": found[1]})


def field_item(row: Row) -> Item | None:
    """A custom field from whose options one chooses, with their labels; None for any other."""
    if text_of(row.get("type")) not in _CHOSEN:
        return None
    options = row.get("custom_field_options")
    labels = {
        text_of(one.get("value")): text_of(one.get("name"))
        for one in (options if isinstance(options, list) else ())
        if isinstance(one, dict)
    }
    data = {"title": text_of(row.get("title")), "type": row.get("type"), "labels": labels}
    return Item(kind=FIELD, id=text_of(row.get("id")), data=data)


def brand_item(row: Row) -> Item:
    data = {name: row[name] for name in ("id", "name", "subdomain") if name in row}
    return Item(kind=BRAND, id=text_of(row.get("id")), data=data)


def content_item(row: Row) -> Item | None:
    """A piece of dynamic content by its placeholder, `dc.welcome`, in its default language."""
    name = text_of(row.get("placeholder")).strip("{} ")
    told = row.get("variants")
    texts = [one for one in (told if isinstance(told, list) else ()) if isinstance(one, dict)]
    texts.sort(key=lambda one: (one.get("default") is not True, one.get("active") is False))
    text = text_of(texts[0].get("content")) if texts else ""
    return Item(kind=CONTENT, id=name.lower(), data={"text": text}) if name else None


def _body(row: Row) -> tuple[str, str]:
    """The text of a comment and what it is written in. Of a call it is what was said, where that was written down."""
    data = row.get("data")
    if row.get("type") == "VoiceComment" and isinstance(data, dict) and text_of(data.get("transcription_text")):
        return text_of(data["transcription_text"]), "text/plain"
    for name, media_type in (("html_body", "text/html"), ("plain_body", "text/plain"), ("body", "text/plain")):
        if text := text_of(row.get(name)):
            return text, media_type
    return "", "text/plain"


def _satisfaction(rating: Json) -> str:
    """`good` or `bad`, whether it comes as text or as an object; what was said with it is not taken."""
    score = text_of(rating.get("score") if isinstance(rating, dict) else rating)
    return next((word for word in ("good", "bad") if score.startswith(word)), "")


def _fields(row: Row, chosen: Collection[str]) -> dict[str, Json]:
    """The values of the fields from whose options one chooses, by the field's id. What is typed freely is not taken."""
    listed = row.get("custom_fields")
    found: dict[str, Json] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and text_of(one.get("id")) in chosen and one.get("value") not in (None, "", [], False):
            found[text_of(one["id"])] = one["value"]
    return found


def _via(row: Row) -> dict[str, Json]:
    via, source = row.get("via"), _source(row)
    start = source.get("from")
    told: dict[str, Json] = {"channel": text_of(via.get("channel")) if isinstance(via, dict) else ""}
    if text_of(source.get("rel")) == "follow_up" and isinstance(start, dict):
        told["follow_up_of"] = text_of(start.get("ticket_id"))
    return told


def _source(row: Row) -> Row:
    via = row.get("via")
    source = via.get("source") if isinstance(via, dict) else None
    return source if isinstance(source, dict) else {}
