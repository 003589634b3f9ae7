"""Articles and tickets as the Zendesk API gives them, as documents.

Knows nothing of how the JSON was fetched. Field names are those of the Help Center and Support APIs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.corpus.sources.values import moment_of, names_of, text_of, truth_of
from holdfast.records import Json
from holdfast.sources import Passed, RawDocument

Row = Mapping[str, Json]
TITLE_OF_DESCRIPTION = 80


@dataclass(slots=True)
class Tree:
    """Where articles stand: sections within sections within categories."""

    sections: dict[str, Row] = field(default_factory=dict)
    categories: dict[str, Row] = field(default_factory=dict)

    def add(self, page: Row) -> None:
        """Take in the sections and categories of a page."""
        for name, known in (("sections", self.sections), ("categories", self.categories)):
            rows = page.get(name)
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and text_of(row.get("id")):
                    known[text_of(row["id"])] = row

    def path(self, section_id: str) -> tuple[str, ...]:
        """The names from the category down; what is not known is left out."""
        names: list[str] = []
        seen: set[str] = set()
        while section_id in self.sections and section_id not in seen:
            seen.add(section_id)
            section = self.sections[section_id]
            names.insert(0, text_of(section.get("name")))
            parent = text_of(section.get("parent_section_id"))
            if not parent:
                category = self.categories.get(text_of(section.get("category_id")), {})
                names.insert(0, text_of(category.get("name")))
            section_id = parent
        return tuple(name for name in names if name)


def is_page(value: object) -> bool:
    """Whether a JSON value is a page of the API: articles, tickets, or what articles stand in."""
    return isinstance(value, dict) and any(
        isinstance(value.get(name), list) for name in ("articles", "tickets", "sections", "categories")
    )


def is_article(row: Row) -> bool:
    return {"id", "title", "body", "section_id"} <= row.keys()


def is_ticket(row: Row) -> bool:
    return {"id", "subject", "description", "status"} <= row.keys()


def article(row: Row, tree: Tree) -> RawDocument | Passed:
    """An article in one language. A translation that is not the original's language has the language in its id."""
    locale, original = text_of(row.get("locale")), text_of(row.get("source_locale"))
    article_id = text_of(row.get("id"))
    document_id = article_id if not original or locale == original else f"{article_id}-{locale}"
    if truth_of(row.get("draft")):
        return Passed(id=document_id, reason="draft")
    body = row.get("body")
    if not isinstance(body, str) or not body.strip():
        return Passed(id=document_id, reason="empty body")
    metadata: dict[str, Json] = {}
    if truth_of(row.get("outdated")) or locale in (row.get("outdated_locales") or ()):
        metadata["outdated"] = True
    if labels := names_of(row.get("label_names")):
        metadata["labels"] = list(labels)
    return RawDocument(
        id=document_id,
        body=body,
        media_type="text/html",
        title=text_of(row.get("title")) or text_of(row.get("name")) or None,
        url=text_of(row.get("html_url")) or None,
        section=tree.path(text_of(row.get("section_id"))),
        locale=locale or None,
        updated_at=moment_of(row.get("edited_at")) or moment_of(row.get("updated_at")),  # votes move the latter
        principals=_segments(row),
        metadata=metadata,
    )


def ticket(row: Row) -> RawDocument | Passed:
    """A ticket's subject and first comment. One that began as an internal note is passed."""
    document_id = text_of(row.get("id"))
    subject, description = text_of(row.get("subject")), text_of(row.get("description"))
    if text_of(row.get("status")) == "deleted":
        return Passed(id=document_id, reason="deleted ticket")
    if row.get("is_public") is False:
        return Passed(id=document_id, reason="internal ticket: nothing in it is public")
    if not description:
        return Passed(id=document_id, reason="empty description")
    tags = names_of(row.get("tags"))
    metadata: dict[str, Json] = {"status": text_of(row.get("status"))}
    if tags:
        metadata["tags"] = list(tags)
    if "closed_by_merge" in tags:
        metadata["merged"] = True
    return RawDocument(
        id=document_id,
        body=description,
        media_type="text/plain",
        title=subject or _first_words(description),
        url=text_of(row.get("url")) or None,
        updated_at=moment_of(row.get("updated_at")),
        metadata=metadata,
    )


def _segments(row: Row) -> tuple[str, ...]:
    """Who may see an article: nobody named is everyone."""
    ids = [row.get("user_segment_id"), *(row.get("user_segment_ids") or ())]
    return tuple(sorted({f"segment:{text_of(segment)}" for segment in ids if text_of(segment)}))


def _first_words(text: str) -> str:
    line = text.splitlines()[0].strip()
    return line if len(line) <= TITLE_OF_DESCRIPTION else line[:TITLE_OF_DESCRIPTION].rsplit(" ", 1)[0] + " ..."
