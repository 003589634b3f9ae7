"""Articles as the Help Center gives them, as the items that are kept of them.

Knows nothing of HTTP. What is kept is named field by field, so that nothing lands that nobody uses.

An article is one item, and each of its translations another, which makes one document. A translation's item repeats
what all of them share, so that a change of the article (its section, who may see it) is a change of each document.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from holdfast.corpus.sources.values import text_of, truth_of
from holdfast.messages import Json
from holdfast.sources import Item

Row = Mapping[str, Json]

ARTICLE, TRANSLATION, ATTACHMENT = "article", "translation", "attachment"
SECTION, CATEGORY, SEGMENT = "section", "category", "user_segment"

WHO = ("user_segment_id", "user_segment_ids")
_SHARED = (
    "id", "source_locale", "section_id", *WHO, "html_url", "promoted", "label_names", "content_tag_ids", "vote_sum",
    "vote_count", "outdated_locales", "created_at", "updated_at",
)  # fmt: skip
_PLACED = ("id", "section_id", *WHO)
_TREE = ("id", "name", "locale", "source_locale", "category_id", "parent_section_id")
_SEGMENT = (
    "id", "user_type", "group_ids", "organization_ids", "tags", "or_tags", "added_user_ids",
)  # fmt: skip
_IN_URL = re.compile(r"(?<=/hc/)[^/]+(?=/)")


def shared(row: Row) -> dict[str, Json]:
    """What an article is in every language, from the article as it is in its own."""
    return {name: row[name] for name in _SHARED if name in row}


def is_original(row: Row) -> bool:
    """Whether an article is given in the language it was written in."""
    return lower(row.get("locale")) == lower(row.get("source_locale") or row.get("locale"))


def differs(row: Row, article: Row | None, translation: Row | None) -> bool:
    """Whether an article as it is listed is not what is kept, as far as a list tells."""
    if article is None or article.get("again"):
        return True
    names = _SHARED if is_original(row) else _PLACED
    if any(row.get(name) != article.get(name) for name in names if name in row or name in article):
        return True
    if translation is None:
        return lower(row.get("locale")) not in article.get("unwanted", ())
    return _said(row) != _said(translation)


def document_id(article_id: str, locale: str, source_locale: str) -> str:
    """`123` in the language it was written in, `123-fr` in another."""
    return article_id if not source_locale or lower(locale) == lower(source_locale) else f"{article_id}-{lower(locale)}"


def translation_id(article_id: str, locale: str) -> str:
    return f"{article_id}-{lower(locale)}"


def attachment_document(article_id: str, attachment_id: str) -> str:
    return f"{article_id}-attachment-{attachment_id}"


def article_of(document: str) -> str:
    """The article that a document is of."""
    return document.partition("-")[0]


def article_items(
    row: Row, translations: Iterable[Row], attachments: Iterable[Row], known: Row | None, locales: Collection[str]
) -> list[Item]:
    """The items of an article; those that are `known` to have been of it and are not any more are gone.

    `locales` are the wanted ones, none: all. `attachments` come with their `content` in Base64, or `unread`.
    """
    article_id, source = text_of(row.get("id")), text_of(row.get("source_locale") or row.get("locale"))
    common = shared(row)
    found = {lower(one.get("locale")): one for one in translations if text_of(one.get("locale"))}
    kept = {locale: one for locale, one in found.items() if not locales or locale in locales}
    files = {text_of(one.get("id")): one for one in attachments}
    public = any(not truth_of(one.get("draft")) and not truth_of(one.get("hidden")) for one in kept.values())
    data = {**common, "locales": sorted(kept), "unwanted": sorted(found.keys() - kept.keys()), "files": sorted(files)}
    if any(one.get("again") for one in files.values()):
        data["again"] = True  # a file could not be read, and may be the next time
    items = [Item(kind=ARTICLE, id=article_id, document=article_id, data=data)]
    for locale, one in kept.items():
        made = _translation(one, row, common)
        document = document_id(article_id, locale, source)
        items.append(Item(kind=TRANSLATION, id=translation_id(article_id, locale), document=document, data=made))
    for file_id, one in files.items():
        document = attachment_document(article_id, file_id)
        content = {**one, "article": common, "published": public}
        items.append(Item(kind=ATTACHMENT, id=file_id, document=document, data=content))
    gone = {} if known is None else known
    items += gone_items(article_id, source, set(gone.get("locales", ())) - kept.keys(), whole=False)
    items += gone_files(article_id, set(gone.get("files", ())) - files.keys())
    return items


def gone_items(article_id: str, source: str, locales: Iterable[str], *, whole: bool) -> list[Item]:
    """Translations that are gone; `whole`: the article, too. `source` is its own language, empty: not known."""
    items = [Item(kind=ARTICLE, id=article_id, document=article_id, data=None)] if whole else []
    for locale in sorted(locales):
        document = document_id(article_id, locale, source or "-")
        items.append(Item(kind=TRANSLATION, id=translation_id(article_id, locale), document=document, data=None))
    return items


def gone_files(article_id: str, files: Iterable[str]) -> list[Item]:
    return [
        Item(kind=ATTACHMENT, id=file_id, document=attachment_document(article_id, file_id), data=None)
        for file_id in sorted(files)
    ]


def tree_item(kind: str, row: Row, *, localized: bool) -> Item:
    """A section or a category; `localized`: its name in one more language."""
    own = text_of(row.get("id"))
    data = {name: row[name] for name in _TREE if name in row}
    return Item(kind=kind, id=f"{own}-{lower(row.get('locale'))}" if localized else own, data=data)


def segment_item(row: Row) -> Item:
    return Item(kind=SEGMENT, id=text_of(row.get("id")), data={name: row[name] for name in _SEGMENT if name in row})


def as_translation(row: Row) -> Row:
    """The translation that an article is when it is given in one language."""
    return {name: row.get(name) for name in ("locale", "title", "body", "draft", "html_url", "updated_at")}


def lower(locale: object) -> str:
    return text_of(locale).lower()


def _said(row: Row) -> tuple[str, Json, bool]:
    return text_of(row.get("title")), row.get("body") or "", truth_of(row.get("draft"))


def _translation(one: Row, row: Row, common: Row) -> dict[str, Json]:
    locale = text_of(one.get("locale"))
    same = lower(locale) == lower(row.get("locale"))
    url = text_of(one.get("html_url")) or _IN_URL.sub(locale, text_of(row.get("html_url")), count=1)
    return {
        "locale": locale,
        "title": text_of(one.get("title")) or (text_of(row.get("title") or row.get("name")) if same else ""),
        "body": one.get("body") if isinstance(one.get("body"), str) else None,
        "draft": truth_of(one.get("draft")),
        "hidden": truth_of(one.get("hidden")),
        "outdated": truth_of(one.get("outdated")),
        "html_url": url,
        "updated_at": (row.get("edited_at") if same else None) or one.get("updated_at"),
        "article": dict(common),
    }
