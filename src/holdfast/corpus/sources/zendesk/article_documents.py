"""From the items that are kept of articles to documents.

Knows nothing of HTTP or of what changed: the same items give the same documents.

Who may see an article is never widened by what is missing: a segment that cannot be read lets in nobody but itself.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from holdfast.corpus.sources.values import moment_of, names_of, parts_of, text_of
from holdfast.corpus.sources.zendesk.article_items import (
    ARTICLE,
    ATTACHMENT,
    CATEGORY,
    SECTION,
    SEGMENT,
    TRANSLATION,
    Row,
    article_of,
    lower,
)
from holdfast.corpus.sources.zendesk.attached import media_type_of
from holdfast.corpus.sources.zendesk.options import STAFF, Options
from holdfast.messages import Json
from holdfast.sources import Item, Landed, Passed, RawDocument

SIGNED_IN = "signed_in"
_USER_TYPES: Mapping[str, str] = {"signed_in_users": SIGNED_IN, "staff": STAFF}
_NARROWED_BY = ("group_ids", "organization_ids", "tags", "or_tags", "added_user_ids")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What articles share: the sections and categories they stand in, and the user segments."""

    sections: Mapping[str, Row]
    categories: Mapping[str, Row]
    segments: Mapping[str, Row]

    @classmethod
    def of(cls, landed: Landed) -> Surroundings:
        """Those that are kept."""
        return cls(*({item.id: item.data or {} for item in landed.rows(kind)} for kind in (SECTION, CATEGORY, SEGMENT)))

    def path(self, section_id: str, locale: str) -> tuple[str, ...]:
        """The names from the category down, in that language where they have it; what is not known is left out."""
        names: list[str] = []
        met: set[str] = set()
        while section_id in self.sections and section_id not in met:
            met.add(section_id)
            section = self.sections[section_id]
            names.insert(0, _named(self.sections, section_id, locale))
            parent = text_of(section.get("parent_section_id"))
            if not parent:
                names.insert(0, _named(self.categories, text_of(section.get("category_id")), locale))
            section_id = parent
        return tuple(name for name in names if name)

    def principals(self, article: Row) -> tuple[str, ...] | None:
        """Who may see an article, nobody named: everyone. None where the article does not say."""
        if "user_segment_id" not in article and "user_segment_ids" not in article:
            return None
        if not isinstance(article.get("user_segment_ids"), list | None):
            return None
        told = [article.get("user_segment_id"), *parts_of(article.get("user_segment_ids"))]
        ids = {text_of(segment) or "unknown" for segment in told if segment is not None}
        names = {f"segment:{segment}" for segment in ids}
        for segment in ids & self.segments.keys():
            known = self.segments[segment]
            everybody = _USER_TYPES.get(text_of(known.get("user_type")))
            if everybody and not any(known.get(narrowed) for narrowed in _NARROWED_BY):
                names.add(everybody)
        return tuple(sorted(names))


def documents(options: Options, landed: Landed, only: Collection[str] | None) -> Iterator[RawDocument | Passed]:
    """What the kept articles make, each document once; see `Feed.documents`."""
    around = Surroundings.of(landed)
    for document_id, items in landed.documents(only):
        by_kind = {item.kind: item for item in items}
        article = by_kind.get(ARTICLE) or landed.get(ARTICLE, article_of(document_id))
        if article is None or article.data is None:
            yield Passed(id=document_id, reason="its article is gone")
        elif ATTACHMENT in by_kind:
            yield _attachment(document_id, by_kind[ATTACHMENT], article.data, around, options)
        elif TRANSLATION in by_kind:
            yield _translation(document_id, by_kind[TRANSLATION], article.data, around, options)
        else:
            yield _without_text(document_id, article.data)


def _translation(
    document_id: str, item: Item, article: Row, around: Surroundings, options: Options
) -> RawDocument | Passed:
    said = item.data or {}
    draft, locale, body = bool(said.get("draft")), text_of(said.get("locale")), said.get("body")
    updated_at = moment_of(said.get("updated_at"))
    who = around.principals(article)
    reason = ""
    if said.get("hidden"):
        reason = "hidden"
    elif draft and not options.include_drafts:
        reason = "draft"
    elif not isinstance(body, str) or not body.strip():
        reason = "empty body"
    elif options.since is not None and updated_at is not None and updated_at < options.since:
        reason = f"not changed since {options.since.date()}"
    if reason or who is None:
        why = reason or "the Help Center does not say who may see it"
        return Passed(id=document_id, reason=why, failed=not reason)
    assert isinstance(body, str)
    metadata = _metadata(article, locale, said)
    if draft:
        metadata["draft"] = True
    return RawDocument(
        id=document_id,
        body=body,
        media_type="text/html",
        title=text_of(said.get("title")) or None,
        url=text_of(said.get("html_url")) or None,
        section=around.path(text_of(article.get("section_id")), locale),
        locale=locale or None,
        updated_at=updated_at,
        principals=(STAFF,) if draft else who or options.principals or (),
        metadata=metadata,
    )


def _metadata(article: Row, locale: str, said: Row) -> dict[str, Json]:
    metadata: dict[str, Json] = {"votes": _votes(article)} if _votes(article) else {}
    if said.get("outdated") or lower(locale) in {lower(one) for one in parts_of(article.get("outdated_locales"))}:
        metadata["outdated"] = True
    if labels := names_of(article.get("label_names")):
        metadata["labels"] = list(labels)
    if tags := names_of(article.get("content_tag_ids")):
        metadata["content_tags"] = list(tags)
    if article.get("promoted") is True:
        metadata["promoted"] = True
    return metadata


def _votes(article: Row) -> dict[str, Json]:
    count, total = article.get("vote_count"), article.get("vote_sum")
    return {"count": count, "sum": total} if isinstance(count, int) and isinstance(total, int) and count else {}


def _attachment(
    document_id: str, item: Item, article: Row, around: Surroundings, options: Options
) -> RawDocument | Passed:
    said = item.data or {}
    media_type, who = media_type_of(said), around.principals(article)
    if not options.attachments:
        return Passed(id=document_id, reason="attachments are not asked for")
    if media_type is None:
        return Passed(id=document_id, reason=f"not a kind of file that is read ({text_of(said.get('content_type'))})")
    if "content" not in said:
        return Passed(id=document_id, reason=f"unread: {said.get('unread')}", failed=True)
    if not said.get("published"):
        return Passed(id=document_id, reason="its article is not published")
    if who is None:
        return Passed(id=document_id, reason="the Help Center does not say who may see it", failed=True)
    return RawDocument(
        id=document_id,
        body=base64.b64decode(said["content"]),
        media_type=media_type,
        title=text_of(said.get("file_name")) or None,
        url=text_of(article.get("html_url")) or None,
        section=around.path(text_of(article.get("section_id")), text_of(article.get("source_locale"))),
        locale=text_of(article.get("source_locale")) or None,
        updated_at=moment_of(said.get("updated_at")),
        principals=who or options.principals or (),
        metadata={"attached_to": text_of(article.get("id"))},
    )


def _without_text(document_id: str, article: Row) -> Passed:
    locale = lower(article.get("source_locale"))
    if locale in article.get("unwanted", ()):
        return Passed(id=document_id, reason=f"its language {locale} is not asked for")
    return Passed(id=document_id, reason="no translation in its own language")


def _named(rows: Mapping[str, Row], own: str, locale: str) -> str:
    row = rows.get(f"{own}-{lower(locale)}") or rows.get(own) or {}
    return text_of(row.get("name"))
