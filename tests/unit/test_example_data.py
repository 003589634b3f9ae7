"""The help desk example's data: whole, consistent, as untidy as promised, and free of anybody's real data.

Knows nothing of how Holdfast reads these files: it parses them with the standard library alone.
"""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


HELPDESK = Path(__file__).parents[2] / "examples" / "helpdesk"
ARTICLE_FIELDS = set(
    words(
        "id url html_url title name body locale source_locale section_id author_id draft promoted position outdated "
        "outdated_locales label_names content_tag_ids comments_disabled user_segment_id permission_group_id vote_sum "
        "vote_count created_at updated_at edited_at"
    )
)
TICKET_FIELDS = set(
    words(
        "id url external_id subject raw_subject description status priority type tags via requester_id submitter_id "
        "assignee_id organization_id group_id brand_id ticket_form_id custom_fields fields is_public has_incidents "
        "problem_id followup_ids collaborator_ids email_cc_ids satisfaction_rating sharing_agreement_ids "
        "allow_channelback created_at updated_at generated_timestamp due_at"
    )
)
INLINE = {"a", "b", "code", "em", "i", "o:p", "span", "strong"}
VOID = {"br", "img"}


class VisibleText(HTMLParser):
    """Collects what a reader sees; a tag that is not inline separates words."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.cells: list[str] = []
        self._hidden: list[str] = []
        self._cell_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        style = (dict(attrs).get("style") or "").replace(" ", "")
        if tag not in VOID and (self._hidden or "display:none" in style):
            self._hidden.append(tag)
        if tag not in INLINE:
            self.parts.append(" ")
        if tag in {"td", "th"}:
            self._cell_depth += 1
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()
        if tag not in INLINE:
            self.parts.append(" ")
        if tag in {"td", "th"}:
            self._cell_depth -= 1

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.parts.append(data)
        if self._cell_depth:
            self.cells[-1] += data


def parse(html: str | None) -> VisibleText:
    parser = VisibleText()
    parser.feed(html or "")
    parser.close()
    return parser


def visible_text(html: str | None) -> str:
    return " ".join("".join(parse(html).parts).split())


def load(name: str) -> Row:
    content: Row = json.loads((HELPDESK / "data" / name).read_text(encoding="utf-8"))
    return content


HELP_CENTER = load("articles.json")
ARTICLES: list[Row] = HELP_CENTER["articles"]
BY_ID = {str(article["id"]): article for article in ARTICLES}
EXPORT = load("tickets.json")
TICKETS: list[Row] = EXPORT["tickets"]
CASES: list[Row] = [
    json.loads(line) for line in (HELPDESK / "evals" / "answer_ticket.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [case for case in CASES if "unanswerable" not in case["tags"]]


def unique(rows: list[Row]) -> bool:
    return len({row["id"] for row in rows}) == len(rows)


def by_title(title: str) -> Row:
    (found,) = [article for article in ARTICLES if article["title"] == title]
    return found


def runs(of: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(of[i : i + length]) for i in range(len(of) - length + 1))


# ---- articles


def test_the_help_centre_is_one_page_of_the_articles_list() -> None:
    paging = {"count", "next_page", "page", "page_count", "per_page", "previous_page"}
    assert set(HELP_CENTER) == paging | {"articles", "sections", "categories"}
    assert HELP_CENTER["count"] == len(ARTICLES) <= HELP_CENTER["per_page"] == 100
    assert (HELP_CENTER["page"], HELP_CENTER["page_count"]) == (1, 1)
    assert HELP_CENTER["next_page"] is HELP_CENTER["previous_page"] is None
    assert all(set(article) == ARTICLE_FIELDS for article in ARTICLES)
    assert all(article["title"] == article["name"] for article in ARTICLES)
    assert all(article["created_at"] <= article["edited_at"] <= article["updated_at"] for article in ARTICLES)


def test_every_article_hangs_on_a_section_and_every_section_on_a_category() -> None:
    sections, categories = HELP_CENTER["sections"], HELP_CENTER["categories"]
    assert unique(ARTICLES)
    assert unique(sections)
    assert unique(categories)
    assert {article["section_id"] for article in ARTICLES} == {section["id"] for section in sections}
    assert {section["category_id"] for section in sections} == {category["id"] for category in categories}


def test_at_least_48_published_articles_have_substance() -> None:
    bodies = {article["body"] for article in ARTICLES if not article["draft"]}
    assert sum(150 <= len(visible_text(body).split()) <= 600 for body in bodies) >= 48


def test_links_between_articles_lead_to_published_articles() -> None:
    linked = re.findall(r'href="(?:[^"]*articles/)?(\d+)"', " ".join(a["body"] or "" for a in ARTICLES))
    assert len(linked) >= 10
    assert all(not BY_ID[article_id]["draft"] for article_id in linked)


MESSES = {
    "rowspan": r'<td rowspan="\d"',
    "colspan": r'<td colspan="\d"',
    "header of two rows": r"<thead>\s*<tr>(?:(?!</tr>).)*rowspan(?:(?!</tr>).)*colspan(?:(?!</tr>).)*</tr>\s*<tr><th",
    "nested table": r"<table>(?:(?!</table>).)*<td>(?:(?!</td>).)*<table>",
    "table without a header": r"<table>(?:(?!</table>|<th).)*</table>",
    "layout table": r'<table role="presentation"',
    "list in a cell": r"<td>\s*<ul>",
    "code in a cell": r"<td>(?:(?!</td>).)*<code>",
    "indented code": r"<pre><code[^>]*>(?:(?!</pre>).)*\n    \S",
    "pre without code": r"<pre>(?!<code)",
    "callout": r'<div class="callout',
    "accordion": r"<details><summary>",
    "image with alternative text": r'<img [^>]*alt="[^"]+"',
    "image without alternative text": r"<img (?![^>]*alt=)[^>]*>",
    "non-breaking space": r"&nbsp;",
    "zero-width space": "\u200b",
    "unclosed list items": r"<li>[^<]*\n<li>",
    "mismatched tags": r"<h2>[^<]*</h3>",
    "word processor paste": r'class="MsoNormal".*mso-',
    "paragraph posing as a heading": r"<p><strong>[^<]*</strong></p>",
    "hidden text": r'<span style="display:none">',
    "relative link": r'href="(?:\.\./|/)',
    "wrongly decoded apostrophe": "â€™",
    "pipe in a cell": r"<td>[^<]*\|",
}


@pytest.mark.parametrize("mess", MESSES)
def test_the_published_articles_hold_this_mess(mess: str) -> None:
    assert any(re.search(MESSES[mess], a["body"] or "", re.DOTALL) for a in ARTICLES if not a["draft"])


def test_one_article_closes_more_divisions_than_it_opens() -> None:
    assert any((a["body"] or "").count("</div>") > (a["body"] or "").count("<div") for a in ARTICLES)


def test_drafts_an_empty_body_another_language_and_a_restricted_article_are_there() -> None:
    assert [a["title"] for a in ARTICLES if a["body"] is None] == ["Recipes: sizes and presets"]
    assert sum(a["draft"] for a in ARTICLES) == 2
    assert [a["title"] for a in ARTICLES if a["locale"] == "de"] == ["Tavorna Duo entkalken"]
    assert sum(a["user_segment_id"] is not None for a in ARTICLES) == 1


def test_one_body_occurs_twice_and_one_pair_is_nearly_the_same() -> None:
    bodies = Counter(a["body"] for a in ARTICLES if a["body"])
    assert sorted(bodies.values())[-2:] == [1, 2]
    titles = ("Clean the milk carafe of the Duo", "Clean the milk carafe of the Office")
    duo, office = (visible_text(by_title(title)["body"]).split() for title in titles)
    assert 0.85 < difflib.SequenceMatcher(None, duo, office, autojunk=False).ratio() < 1


def test_the_old_policy_contradicts_the_one_in_force() -> None:
    old, new = by_title("Return policy (until March 2025)"), by_title("Return policy")
    assert old["created_at"] < new["created_at"]
    assert "within 30 days of delivery" in visible_text(old["body"])
    assert "within 45 days of delivery" in visible_text(new["body"])


def test_hidden_text_is_not_visible_text() -> None:
    body = by_title("What data your machine sends")["body"]
    assert "36 months" in body
    assert "36 months" not in visible_text(body)


# ---- tickets


def test_the_tickets_are_the_last_page_of_a_cursor_export() -> None:
    assert set(EXPORT) == {"tickets", "users", "after_cursor", "after_url", "end_of_stream"}
    assert EXPORT["end_of_stream"] is True
    assert EXPORT["after_cursor"] in EXPORT["after_url"]
    assert len(TICKETS) == 120
    assert unique(TICKETS)
    assert unique(EXPORT["users"])
    assert all(set(ticket) >= TICKET_FIELDS for ticket in TICKETS)
    stamps = [ticket["generated_timestamp"] for ticket in TICKETS]
    assert stamps == sorted(stamps)


def test_every_ticket_has_a_known_requester() -> None:
    users = {user["id"] for user in EXPORT["users"]}
    assert all(ticket["requester_id"] in users for ticket in TICKETS)
    assert all(ticket["assignee_id"] in {*users, None} for ticket in TICKETS)


def test_no_two_tickets_share_their_wording() -> None:
    seen: set[tuple[str, ...]] = set()
    for ticket in TICKETS:
        own = set(runs(words(ticket["description"]), 6))
        assert not own & seen, f"{ticket['id']} repeats {own & seen}"
        seen |= own


def test_tickets_are_as_untidy_as_an_inbox() -> None:
    text = "\n".join(ticket["description"] for ticket in TICKETS)
    tags = Counter(tag for ticket in TICKETS for tag in ticket["tags"])
    assert sum(ticket["subject"] is None for ticket in TICKETS) >= 3
    assert any(ticket["subject"] == "" for ticket in TICKETS)
    assert any("{{dc." in (ticket["raw_subject"] or "") for ticket in TICKETS)
    assert len(re.findall(r"^On .* wrote:$", text, re.MULTILINE)) >= 2
    assert re.search(r"^From: .*\nSent: .*\nTo: .*\nSubject: ", text, re.MULTILINE)
    assert "##- Please type your reply above this line -##" in text
    assert {ticket["status"] for ticket in TICKETS} >= {"new", "open", "pending", "solved", "closed", "deleted"}
    assert {ticket["via"]["channel"] for ticket in TICKETS} >= {"email", "web", "chat"}
    assert {type(ticket["satisfaction_rating"]) for ticket in TICKETS} == {dict, str}
    assert tags["closed_by_merge"] == tags["spam"] == tags["autoreply"] == tags["several"] == 1
    assert 12 <= tags["no_article"] <= 18
    assert tags["angry"] >= 4
    assert all(language in tags for language in ("german", "french", "italian", "spanish", "dutch"))


def test_tickets_span_some_weeks() -> None:
    days = {ticket["created_at"][:10] for ticket in TICKETS}
    assert min(days) >= "2025-09-01"
    assert max(days) <= "2025-10-15"
    assert len(days) >= 25


# ---- cases


def test_there_are_60_cases_of_the_fixed_shape() -> None:
    fields = {"id", "input", "expected", "facts", "gold", "tags", "must_pass"}
    assert len(CASES) == 60
    assert unique(CASES)
    assert all(set(case) == fields and set(case["input"]) == {"subject", "body"} for case in CASES)
    assert any(case["input"]["subject"] is None for case in CASES)
    assert 5 <= sum(case["must_pass"] for case in CASES) <= 8


def test_the_unanswerable_cases_promise_nothing() -> None:
    unanswerable = [case for case in CASES if "unanswerable" in case["tags"]]
    assert len(unanswerable) == 8
    assert all(case["expected"] is None and case["facts"] == case["gold"] == [] for case in unanswerable)


@pytest.mark.parametrize("case", ANSWERABLE, ids=lambda case: case["id"])
def test_facts_and_spans_stand_literally_in_the_published_gold_article(case: Row) -> None:
    assert case["facts"]
    assert case["gold"]
    for gold in case["gold"]:
        article = BY_ID[gold["document"]]
        assert not article["draft"]
        assert article["user_segment_id"] is None
        text = visible_text(article["body"])
        assert gold["span"] in text
        assert all(fact in text for fact in case["facts"])
    assert all(fact in case["expected"] for fact in case["facts"])
    assert not any(fact in case["input"]["body"] for fact in case["facts"])


def test_spanned_cases_find_their_answer_in_a_cell_of_a_table_with_spans() -> None:
    spanned = [case for case in CASES if "spanned" in case["tags"]]
    assert len(spanned) >= 12
    for case in spanned:
        (gold,) = case["gold"]
        body = BY_ID[gold["document"]]["body"]
        assert re.search(r"(?:row|col)span", body)
        assert any(gold["span"] in " ".join(cell.split()) for cell in parse(body).cells)


def test_the_outdated_cases_want_the_policy_in_force() -> None:
    outdated = [case for case in CASES if "outdated" in case["tags"]]
    old = visible_text(by_title("Return policy (until March 2025)")["body"])
    assert len(outdated) == 2
    for case in outdated:
        assert BY_ID[case["gold"][0]["document"]]["title"] == "Return policy"
        assert not any(fact in old for fact in case["facts"])


def test_customers_do_not_speak_the_words_of_the_articles() -> None:
    for case in ANSWERABLE:
        article = words(visible_text(BY_ID[case["gold"][0]["document"]]["body"]))
        shared = set(runs(words(case["input"]["body"]), 5)) & set(runs(article, 5))
        assert not shared, f"{case['id']} repeats {shared}"


# ---- nobody's data


def test_mail_addresses_and_hosts_are_reserved_for_examples() -> None:
    paths = [path for path in HELPDESK.rglob("*") if path.suffix in {".json", ".jsonl", ".md"}]
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        hosts = re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text) + re.findall(r"https?://([^/\s\"'<>:]+)", text)
        foreign = {host for host in hosts if not re.search(r"(?:^|\.)example(?:\.com)?$", host)}
        assert not foreign, f"{path.name} names {foreign}"
