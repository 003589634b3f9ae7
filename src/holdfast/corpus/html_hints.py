"""What a tag's own words say of its part of a web page: the article, a comment, something else altogether.

It does not know what the part holds.
"""

import re
from functools import lru_cache
from typing import Literal

from holdfast.corpus.html_source import attributes_of, name_of

Kind = Literal["", "body", "main", "other", "comments", "anchor"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any(text: str) -> str:
    """The lines of a text as alternatives of an expression."""
    return "|".join(line.strip() for line in text.strip().split("\n"))


NEVER = _words("nav footer aside dialog select noscript template form figcaption")
_ROLES = _words("navigation complementary menu menubar dialog alertdialog banner contentinfo search toolbar tablist")
_HINTS = ("class", "id", "itemprop", "role", "data-component", "data-testid")
_SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")

# Names are read as words: `related-posts`, `ShareBar` and `c_comments` say the same as "related", "share", "comments".
_OTHER = re.compile(
    rf"""(?:^|[ ])(?:{
        _any('''
        comments?|disqus|respond|feedback|report|ratings?|votes?|login|register|paywall|donat[a-z]*
        share|sharing|socials?|sharebar|sharedaddy|addthis|follow
        related|recirc|recirculation|recommend[a-z]*|outbrain|taboola|teasers?|popular|trending|prev|next|pagination|pager
        most[ ]read|most[ ]viewed|read[ ]more|readmore|more[ ]stories|more[ ]from
        newsletters?|subscribe|subscription|signup|sign[ ]up|promo[a-z]*|sponsor[a-z]*|advert[a-z]*|ads?|adslot|dfp
        banner|cookies?|consent|gdpr|popup|modal|overlay|lightbox|print|skip|hidden
        breadcrumbs?|sidebar|widgets?|footer|footnav|nav|navbar|navigation|menu|masthead|toolbar|tools|tags?|taglist|toc
        bylines?|dateline|timestamp|pubdate|authors?|bio|meta|metadata|postmeta|kicker|eyebrow
        captions?|credits?|copyright|disclaimer|correction|sr[ ]only|screen[ ]reader[a-z]*|visually[ ]hidden
        video[ ]player|player|gallery|carousel|slideshow|slider
        ''')
    })(?:[ ]|$)"""
)
_BODY = re.compile(
    rf"""(?:^|[ ])(?:{
        _any('''
        (?:article|story|post)[ ]?(?:body|content|text)|article[ ]?main|entry[ ]?content|(?:page|main)[ ]?content
        rich[ ]?text|body[ ]?(?:copy|text|content)|content[ ]?body
        ''')
    })(?:[ ]|$)"""
)

LEADS_AWAY = re.compile(
    rf"""(?:{
        _any('''
        advertisement|ad[ ]|ad$|share|print|email|tweet|comments?|[0-9]+[ ]comments?|leave[ ]a[ ](?:comment|reply)
        read[ ](?:more|next|also)|see[ ](?:also|more)|also[ ]read|related|more[ ](?:from|on)|recommended
        you[ ](?:may|might)[ ](?:also[ ])?like|don.t[ ]miss|popular[ ]|trending|most[ ](?:read|popular)|latest[ ]
        click[ ]here|sign[ ]up|subscribe|follow[ ](?:us|him|her|me)|watch|(?:get|join)[ ](?:our|the)[ ]
        photos?:|images?:|image[ ]credits?:|image[ ][0-9]+[ ]of|credit:|source:|picture:|[(]image:
        tags?:|topics?:|filed[ ]under
        by[ ]|written[ ]by|posted[ ](?:on|by|in)|published|updated|last[ ]updated|about[ ]the[ ]author|loading
        continue[ ]reading|copyright|©|all[ ]rights[ ]reserved|story[ ]continues
        this[ ](?:article|story|post)[ ](?:was|originally)[ ]
        ''')
    })""",
    re.I,
)
"""What a short block begins with that leads away from an article."""
SENDS = re.compile(
    rf"""{
        _any('''
        follow[ ](?:us|me|him|her|them|@)|on[ ]twitter|subscribe[ ]to|sign[ ]up[ ](?:for|to)|our[ ]newsletter
        originally[ ](?:published|appeared)|contributed[ ]to[ ]this|all[ ]rights[ ]reserved|[(]image:[ ]
        e-?mail[ ][a-z .]+[ ]at[ ]
        ''')
    }""",
    re.I,
)
"""What a paragraph says that sends its reader elsewhere."""


def kind_of(tag: str) -> tuple[str, Kind]:
    """A start tag's name, and what its name and attributes say of what it holds.

    An `anchor` is a link within the page. Of two things said, the article's own name weighs more.
    """
    name = name_of(tag)
    if name == "a":
        at = tag.find(' href="')  # a quote within a value is written otherwise
        return name, "anchor" if at < 0 or tag[at + 7] == "#" else ""
    attributes = attributes_of(tag) if " " in tag and name not in {"", "script", "style", "iframe"} else {}
    role = attributes.get("role", "")
    if name in NEVER or role in _ROLES:
        return name, "other"
    hints = "" if name in {"body", "html"} else " ".join([attributes[key] for key in _HINTS if key in attributes])
    said = _said_by(hints) if hints else ""
    if said == "body":
        return name, "body"
    if name in {"main", "article"} or role == "main":
        return name, "main"
    return name, "" if name in {"table", "tbody", "tr", "td"} else said


@lru_cache(4096)  # the pages of a site are written alike
def _said_by(hints: str) -> Kind:
    """What the words of classes, ids and such say."""
    said = " ".join(_SPLIT.split(hints)).strip().lower()
    if _BODY.search(said):
        return "body"
    if _OTHER.search(said):
        return "comments" if "comment" in said or "disqus" in said else "other"
    return ""
