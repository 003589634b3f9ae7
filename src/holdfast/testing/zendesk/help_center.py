"""The articles of a simulated account, and everything that may befall them. Does not know how they are asked for."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Literal

from msgspec import structs

from holdfast.messages import Json
from holdfast.testing.zendesk.access import Viewer
from holdfast.testing.zendesk.clock import Clock, iso
from holdfast.testing.zendesk.happening import Happening
from holdfast.testing.zendesk.help_center_rows import (
    Article,
    ArticleAttachment,
    Brand,
    Category,
    Section,
    Translation,
    UserSegment,
)


class HelpCenter:
    """Categories, sections, articles in every locale, segments, attachments; of every brand of the account.

    The rows are there to be read and, where no method does it, changed; `touch` then moves `updated_at`.
    """

    def __init__(self, clock: Clock, ids: Iterator[int], happenings: list[Happening], subdomain: str) -> None:
        self.clock = clock
        self.locales = ["en-us"]
        self.brands: dict[int, Brand] = {}
        self.categories: dict[int, Category] = {}
        self.sections: dict[int, Section] = {}
        self.articles: dict[int, Article] = {}
        self.translations: dict[tuple[int, str], Translation] = {}
        self.segments: dict[int, UserSegment] = {}
        self.attachments: dict[int, ArticleAttachment] = {}
        self.files: dict[int, bytes] = {}
        self._archived: dict[int, tuple[Article, list[Translation]]] = {}
        self._ids = ids
        self._happenings = happenings
        self.default_brand = self.brand("Main", subdomain)
        self.default_brand.default = True

    def brand(self, name: str, subdomain: str) -> Brand:
        """A brand with a help center on `SUBDOMAIN.zendesk.com`."""
        now = iso(self.clock.now())
        made = Brand(id=next(self._ids), name=name, subdomain=subdomain, created_at=now, updated_at=now)
        self.brands[made.id] = made
        return made

    def category(self, name: str, *, brand: Brand | None = None) -> Category:
        now = iso(self.clock.now())
        brand = brand or self.default_brand
        made = Category(id=next(self._ids), brand_id=brand.id, name=name, created_at=now, updated_at=now)
        self.categories[made.id] = made
        return made

    def section(self, name: str, category: Category, *, parent: Section | None = None) -> Section:
        now = iso(self.clock.now())
        parent_id = None if parent is None else parent.id
        made = Section(id=next(self._ids), category_id=category.id, name=name, parent_section_id=parent_id)
        made.created_at = made.updated_at = now
        self.sections[made.id] = made
        return made

    def segment(
        self,
        name: str,
        user_type: Literal["signed_in_users", "staff"],
        *,
        organizations: tuple[int, ...] = (),
        tags: tuple[str, ...] = (),
        groups: tuple[int, ...] = (),
    ) -> UserSegment:
        """Who may see what is restricted to it; organizations, tags and groups narrow it down."""
        made = UserSegment(id=next(self._ids), name=name, user_type=user_type)
        made.organization_ids, made.tags, made.group_ids = list(organizations), list(tags), list(groups)
        made.created_at = made.updated_at = iso(self.clock.now())
        self.segments[made.id] = made
        return made

    def article(
        self,
        title: str,
        body: str | None,
        section: Section,
        *,
        locale: str = "en-us",
        draft: bool = False,
        segment: UserSegment | None = None,
    ) -> Article:
        """Write an article in its source locale."""
        now = iso(self.clock.now())
        made = Article(id=next(self._ids), section_id=section.id, author_id=1, locale=locale, source_locale=locale)
        made.user_segment_id = None if segment is None else segment.id
        made.user_segment_ids = [] if segment is None else [segment.id]
        made.created_at = made.updated_at = made.edited_at = now
        self.articles[made.id] = made
        self.translate(made.id, locale, title, body, draft=draft)
        return made

    def translate(
        self, article_id: int, locale: str, title: str, body: str | None, *, draft: bool = False
    ) -> Translation:
        """Write or rewrite an article in a locale. Rewriting the source locale makes the others outdated."""
        article = self.articles[article_id]
        now = iso(self.clock.now())
        row = self.translations.get((article_id, locale))
        was_draft = row is None or row.draft
        if row is None:
            row = Translation(id=next(self._ids), source_id=article_id, locale=locale, title=title, body=body)
            row.created_at = now
            self.translations[article_id, locale] = row
        elif locale == article.source_locale:
            for other in self.translations_of(article_id):
                other.outdated = other.locale != locale
        row.title, row.body, row.draft, row.outdated, row.updated_at = title, body, draft, False, now
        if locale not in self.locales:
            self.locales.append(locale)
        article.outdated_locales = [other.locale for other in self.translations_of(article_id) if other.outdated]
        article.updated_at = article.edited_at = now
        if was_draft != draft:
            self._tell("article.unpublished" if draft else "article.published", article, locale)
        return row

    def publish(self, article_id: int, locale: str | None = None, *, draft: bool = False) -> None:
        """Publish a translation, or make it a draft again."""
        article = self.articles[article_id]
        row = self.translations[article_id, locale or article.source_locale]
        row.draft = draft
        self.touch(article_id)
        self._tell("article.unpublished" if draft else "article.published", article, row.locale)

    def remove_translation(self, article_id: int, locale: str) -> None:
        """It is gone without a sign."""
        del self.translations[article_id, locale]
        self.touch(article_id)

    def archive(self, article_id: int) -> None:
        """Archive or delete an article: it is in no list any more, and nothing says that it was."""
        article = self.articles[article_id]
        rows = self.translations_of(article_id)
        self._tell("article.unpublished", article, article.source_locale)
        del self.articles[article_id]
        for row in rows:
            del self.translations[article_id, row.locale]
        self._archived[article_id] = (article, rows)

    def restore(self, article_id: int) -> None:
        """Bring an archived article back, under its id."""
        article, rows = self._archived.pop(article_id)
        self.articles[article_id] = article
        self.translations |= {(article_id, row.locale): row for row in rows}
        self.touch(article_id)
        self._tell("article.published", article, article.source_locale)

    def move(self, article_id: int, section: Section) -> None:
        """To another section: another path, the same body."""
        self.articles[article_id].section_id = section.id
        self.touch(article_id)

    def restrict(self, article_id: int, segment: UserSegment | None) -> None:
        """Change who may see it; None: everybody. The body stays as it is."""
        article = self.articles[article_id]
        article.user_segment_id = None if segment is None else segment.id
        article.user_segment_ids = [] if segment is None else [segment.id]
        self.touch(article_id)

    def vote(self, article_id: int, value: Literal[1, -1] = 1) -> None:
        """A reader's vote. It moves `updated_at` and not `edited_at`."""
        article = self.articles[article_id]
        article.vote_sum += value
        article.vote_count += 1
        self.touch(article_id)
        self._tell("article.vote_created", article, article.source_locale)

    def touch(self, article_id: int) -> None:
        """Something about it changed that is not its words."""
        self.articles[article_id].updated_at = iso(self.clock.now())

    def attach(
        self, article_id: int, file_name: str, content_type: str, data: bytes, *, inline: bool = False
    ) -> ArticleAttachment:
        now = iso(self.clock.now())
        made = ArticleAttachment(
            id=next(self._ids),
            article_id=article_id,
            file_name=file_name,
            content_type=content_type,
            size=len(data),
            inline=inline,
            created_at=now,
            updated_at=now,
        )
        made.relative_path = f"/hc/article_attachments/{made.id}/{file_name}"
        self.attachments[made.id] = made
        self.files[made.id] = data
        return made

    def translations_of(self, article_id: int) -> list[Translation]:
        return [row for (of, _), row in self.translations.items() if of == article_id]

    def brand_of(self, article: Article) -> int:
        return self.categories[self.sections[article.section_id].category_id].brand_id

    def visible(self, article: Article, locale: str, viewer: Viewer) -> bool:
        """Whether there is a translation that this viewer may read."""
        row = self.translations.get((article.id, locale))
        if row is None or ((row.draft or row.hidden) and not viewer.staff):
            return False
        segment = None if article.user_segment_id is None else self.segments[article.user_segment_id]
        return segment is None or admits(segment, viewer)

    def in_locale(self, article: Article, locale: str) -> Article:
        """A copy of the article with the words of that locale."""
        row = self.translations[article.id, locale]
        shown = copy.copy(article)
        shown.title = shown.name = row.title
        shown.body, shown.locale, shown.draft, shown.outdated = row.body, locale, row.draft, row.outdated
        host = f"https://{self.brands[self.brand_of(article)].subdomain}.zendesk.com"
        shown.url = f"{host}/api/v2/help_center/{locale}/articles/{article.id}.json"
        shown.html_url = f"{host}/hc/{locale}/articles/{article.id}-{slug(row.title)}"
        return shown

    def _tell(self, kind: str, article: Article, locale: str) -> None:
        section = self.sections[article.section_id]
        row = self.translations[article.id, locale]
        detail: dict[str, Json] = {"id": str(article.id), "brand_id": str(self.brand_of(article))}
        event: dict[str, Json] = {
            "author_id": str(article.author_id),
            "category_id": str(section.category_id),
            "locale": locale,
            "section_id": str(section.id),
            "title": row.title,
        }
        self._happenings.append(Happening(kind, f"zen:article:{article.id}", detail, event, self.clock.now()))


def admits(segment: UserSegment, viewer: Viewer) -> bool:
    """Whether the segment lets this viewer see what is restricted to it. An admin sees everything."""
    user = viewer.user
    if user is None:
        return False
    if user.role == "admin" or user.id in segment.added_user_ids:
        return True
    if segment.user_type == "staff":
        return viewer.staff and (not segment.group_ids or user.default_group_id in segment.group_ids)
    in_organization = not segment.organization_ids or user.organization_id in segment.organization_ids
    any_tag = not segment.or_tags or bool(set(segment.or_tags) & set(user.tags))
    return in_organization and any_tag and set(segment.tags) <= set(user.tags)


def slug(title: str) -> str:
    """The readable end of an article's address, which changes with its title."""
    words = itertools.groupby(title, key=str.isalnum)
    return "-".join("".join(letters) for alnum, letters in words if alnum)


def linked(attachment: ArticleAttachment, root: str) -> ArticleAttachment:
    """A copy whose addresses lead to this server."""
    return structs.replace(attachment, content_url=f"{root}{attachment.relative_path}")
