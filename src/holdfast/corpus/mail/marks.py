"""HTML of a mail with marks where its tags say that a quote or a signature begins and ends.

Knows nothing of what the marks lead to. The tags are those that mail clients and help desks write.
"""

from __future__ import annotations

import re
from collections import defaultdict

from holdfast.corpus.mail.lines import (
    HEADER_FOLLOWS,
    MARKS,
    QUOTE_CLOSES,
    QUOTE_OPENS,
    SIGNATURE_CLOSES,
    SIGNATURE_OPENS,
)
from holdfast.corpus.mail.phrases import phrases

MOST_MARKS = 1000
"""Elements that are marked; a mail has a few, and behind these the text alone decides."""

_TAG = re.compile(r"<(/?)(div|blockquote|span|section|table|p|td|hr)(?=[\s>])([^<>]*)>", re.I)
_NAMES = re.compile(r"(?:class|id|name|type|data-marker|data-type)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.I)
_QUOTES = frozenset(
    phrases("""
gmail_quote|gmail_quote_container|gmail_attr|yahoo_quoted|ydp-yahoo_quoted|moz-cite-prefix|cite|protonmail_quote
tutanota_quote|zmail_extra|zmail_extra_hr|__quoted_text__|olk_src_body_section
mail-editor-reference-message-container|ms-outlook-mobile-reference-message|reference-message|quoted-text|quotedtext
freshdesk_quote|front-blockquote|front-blockquote-content|hs_reply|quote_container|mailquote|mail_quote|wm-quote
reply-quote|aolmail_quote|qt|quoted-message|airmail_extra|bloop_markdown_quote|hey-quote
""")
)
_HEADERS = frozenset(
    {"divrplyfwdmsg", "appendonsend", "mailouts", "outlookmessageheader", "olk_fwd_msg", "stopspelling"}
)
_SIGNATURES = frozenset(
    phrases("""
gmail_signature|gmail_signature_prefix|moz-signature|applemailsignature|protonmail_signature_block
protonmail_signature_block-user|ms-outlook-mobile-signature|ms-outlook-signature|signature|mobile_signature
ymail_android_signature|ymail_ios_signature|ydp-signature|yahoo-signature|front-signature|tutanota_signature
zmail_signature|zimbra-signature|email-signature|bloop_sign|airmail_sign|hs_signature|sig|aolmail_signature
mailspring-signature
""")
)
_BORDER = re.compile(
    r"border-top\s*:\s*(?:solid\s+#?\w+|#?\w+\s+(?:1(?:\.0)?p[tx]\s+)?solid|(?:1(?:\.0)?p[tx])\s+solid)", re.I
)
_PADDING = re.compile(r"padding\s*:\s*3(?:\.0)?pt 0", re.I)


def marked(html: str) -> str:
    """The same HTML with a paragraph before and behind every element that quotes or signs; linear in its length."""
    html = MARKS.sub("", html)
    pieces: list[str] = []
    depth: defaultdict[str, int] = defaultdict(int)
    waiting: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    start = marks = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if tag[1]:
            if waiting[name] and waiting[name][-1][0] == depth[name]:
                pieces += (html[start : tag.end()], f"<p>{waiting[name].pop()[1]}</p>")
                start = tag.end()
            depth[name] = max(0, depth[name] - 1)
            continue
        if not tag[3].endswith("/"):
            depth[name] += 1
        opens, closes = _mark(name, tag[3]) if marks < MOST_MARKS and "=" in tag[3] else ("", "")
        if opens:
            marks += 1
            pieces += (html[start : tag.start()], f"<p>{opens}</p>")
            start = tag.start()
            if closes:
                waiting[name].append((depth[name], closes))
    return "".join([*pieces, html[start:]])


def _mark(element: str, attributes: str) -> tuple[str, str]:
    """The marks that go before and behind an element; the second empty where only its start tells."""
    names: set[str] = set()
    for found in _NAMES.finditer(attributes[:2000]):
        for word in (found[1] or found[2] or found[3] or "").lower().split():
            names.add(word.removeprefix("x_").removeprefix("3d"))
    if names & _QUOTES:
        return QUOTE_OPENS, QUOTE_CLOSES
    if names & _SIGNATURES and element != "td":
        return SIGNATURE_OPENS, SIGNATURE_CLOSES
    if names & _HEADERS or (
        element == "div" and _BORDER.search(attributes[:2000]) and _PADDING.search(attributes[:2000])
    ):
        return HEADER_FOLLOWS, ""
    return "", ""
