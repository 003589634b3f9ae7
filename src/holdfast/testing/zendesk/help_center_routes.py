"""The routes of the Help Center API. Knows nothing of limits or faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from holdfast.testing.zendesk.call import Call, route
from holdfast.testing.zendesk.clock import seconds
from holdfast.testing.zendesk.exchange import Answer, not_found
from holdfast.testing.zendesk.help_center import linked
from holdfast.testing.zendesk.help_center_rows import Article, Category, Section
from holdfast.testing.zendesk.paging import address, page, whole

MOST_AN_EXPORT = 1000


def _locale(call: Call, article: Article) -> str:
    return call.part.get("locale") or article.source_locale


def _seen(call: Call, article: Article) -> bool:
    """Whether it belongs to the brand that was asked, and the viewer may read it in the locale that was asked for."""
    center = call.account.help_center
    return center.brand_of(article) == call.asked.brand_id and center.visible(
        article, _locale(call, article), call.viewer
    )


def _articles(call: Call) -> list[Article]:
    center = call.account.help_center
    return [
        center.in_locale(article, _locale(call, article))
        for article in center.articles.values()
        if _seen(call, article) and _placed(call, article)
    ]


def _placed(call: Call, article: Article) -> bool:
    """Whether it is in the section or category that the path names, where it names one."""
    section = call.account.help_center.sections[article.section_id]
    wanted_section, wanted_category = call.part.get("section_id"), call.part.get("category_id")
    return wanted_section in (None, str(section.id)) and wanted_category in (None, str(section.category_id))


def _beside(call: Call, answer: Answer, articles: Iterable[Article]) -> Answer:
    """The answer with what `include` asks for of these articles."""
    center, people = call.account.help_center, call.account.people
    shown = list(articles)
    sections = {article.section_id: center.sections[article.section_id] for article in shown}
    body = dict(answer.body) if not isinstance(answer.body, bytes) else {}
    if "sections" in call.include:
        body["sections"] = list(sections.values())
    if "categories" in call.include:
        ids = {section.category_id for section in sections.values()}
        body["categories"] = [center.categories[number] for number in sorted(ids)]
    if "users" in call.include:
        body["users"] = [people.users[a] for a in sorted({article.author_id for article in shown}) if a in people.users]
    if "translations" in call.include:
        body["translations"] = [
            row for article in shown for row in center.translations_of(article.id) if call.viewer.staff or not row.draft
        ]
    answer.body = body
    return answer


def articles(call: Call) -> Answer:
    answer = page("articles", _articles(call), call.asked, call.root)
    assert not isinstance(answer.body, bytes)
    shown = answer.body["articles"]
    assert isinstance(shown, list)
    return _beside(call, answer, shown)


def counted(call: Call) -> Answer:
    return Answer(200, {"count": {"value": len(_articles(call)), "refreshed_at": None}})


def _article(call: Call) -> Article:
    found = call.account.help_center.articles.get(call.number())
    if found is None or not _seen(call, found):
        raise not_found()
    return found


def article(call: Call) -> Answer:
    found = _article(call)
    shown = call.account.help_center.in_locale(found, _locale(call, found))
    return _beside(call, Answer(200, {"article": shown}), [shown])


def export(call: Call) -> Answer:
    """Articles whose metadata changed since `start_time`, a thousand a page. An empty one says `end_time` 1."""
    start_s = whole(call.asked, "start_time", 0)
    center = call.account.help_center
    changed = sorted((seconds(found.updated_at), found.id) for found in center.articles.values() if _seen(call, found))
    changed = [key for key in changed if key[0] >= start_s]
    taken = changed[:MOST_AN_EXPORT]
    shown = [center.in_locale(found, found.source_locale) for found in (center.articles[number] for _, number in taken)]
    end_s = taken[-1][0] if taken else 1
    following = address(call.root, call.asked, {"start_time": str(end_s)}) if len(changed) > len(taken) else None
    body = {"articles": shown, "count": len(changed), "next_page": following, "end_time": end_s}
    return _beside(call, Answer(200, body, rows="articles"), shown)


def translations(call: Call) -> Answer:
    found = _article(call)
    rows = call.account.help_center.translations_of(found.id)
    readable = [row for row in rows if call.viewer.staff or not (row.draft or row.hidden)]
    return page("translations", readable, call.asked, call.root)


def translation(call: Call) -> Answer:
    row = call.account.help_center.translations.get((call.number(), call.part["locale"]))
    if row is None or not _seen(call, _article_in(call)):
        raise not_found()
    return Answer(200, {"translation": row})


def _article_in(call: Call) -> Article:
    found = call.account.help_center.articles.get(call.number())
    if found is None:
        raise not_found()
    return found


def attachments(kinds: tuple[bool, ...]) -> Callable[[Call], Answer]:
    """The route for an article's files: the inline ones, the others, or both."""

    def listed(call: Call) -> Answer:
        found = _article(call)
        rows = [
            linked(row, call.root)
            for row in call.account.help_center.attachments.values()
            if row.article_id == found.id and row.inline in kinds
        ]
        return page("article_attachments", rows, call.asked, call.root)

    return listed


def categories(call: Call) -> Answer:
    return page("categories", _categories(call), call.asked, call.root)


def _categories(call: Call) -> list[Category]:
    every = call.account.help_center.categories.values()
    return [row for row in every if row.brand_id == call.asked.brand_id]


def category(call: Call) -> Answer:
    for row in _categories(call):
        if row.id == call.number():
            return Answer(200, {"category": row})
    raise not_found()


def sections(call: Call) -> Answer:
    wanted = call.part.get("category_id")
    rows = [row for row in _sections(call) if wanted in (None, str(row.category_id))]
    return page("sections", rows, call.asked, call.root)


def _sections(call: Call) -> list[Section]:
    ours = {row.id for row in _categories(call)}
    return [row for row in call.account.help_center.sections.values() if row.category_id in ours]


def section(call: Call) -> Answer:
    for row in _sections(call):
        if row.id == call.number():
            return Answer(200, {"section": row})
    raise not_found()


def segments(call: Call) -> Answer:
    return page("user_segments", call.account.help_center.segments.values(), call.asked, call.root)


def segment(call: Call) -> Answer:
    found = call.account.help_center.segments.get(call.number())
    if found is None:
        raise not_found()
    return Answer(200, {"user_segment": found})


def locales(call: Call) -> Answer:
    known = call.account.help_center.locales
    return Answer(200, {"locales": known, "default_locale": known[0]})


def file(call: Call) -> Answer:
    """An article's file, for whom may read the article."""
    center = call.account.help_center
    row = center.attachments.get(call.number())
    found = None if row is None else center.articles.get(row.article_id)
    if row is None or found is None or not _seen(call, found):
        raise not_found()
    return Answer(200, center.files[row.id], media_type=row.content_type)


def _both(path: str) -> tuple[str, str]:
    return f"help_center/{path}", f"help_center/{{locale}}/{path}"


HELP_CENTER = (
    route("help_center/incremental/articles", "articles", export),
    route("help_center/locales", "locales", locales, "anybody"),
    *(route(path, "articles", counted, "anybody") for path in _both("articles/count")),
    *(route(path, "articles", articles, "anybody") for path in _both("articles")),
    *(route(path, "articles", articles, "anybody") for path in _both("sections/{section_id}/articles")),
    *(route(path, "articles", articles, "anybody") for path in _both("categories/{category_id}/articles")),
    *(route(path, "articles", article, "anybody") for path in _both("articles/{id}")),
    route("help_center/articles/{id}/translations", "translations", translations, "anybody"),
    route("help_center/articles/{id}/translations/{locale}", "translations", translation, "anybody"),
    *(route(path, "attachments", attachments((True, False)), "anybody") for path in _both("articles/{id}/attachments")),
    *(
        route(path, "attachments", attachments((True,)), "anybody")
        for path in _both("articles/{id}/attachments/inline")
    ),
    *(
        route(path, "attachments", attachments((False,)), "anybody")
        for path in _both("articles/{id}/attachments/block")
    ),
    *(route(path, "categories", categories, "anybody") for path in _both("categories")),
    *(route(path, "categories", category, "anybody") for path in _both("categories/{id}")),
    *(route(path, "sections", sections, "anybody") for path in _both("categories/{category_id}/sections")),
    *(route(path, "sections", sections, "anybody") for path in _both("sections")),
    *(route(path, "sections", section, "anybody") for path in _both("sections/{id}")),
    route("help_center/user_segments", "user_segments", segments),
    route("help_center/user_segments/{id}", "user_segments", segment),
)
