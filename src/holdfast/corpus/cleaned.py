"""What cleaning hands on: the readable text of a document, and what had to be done to get it.

It does not know how any format is read; `html`, `markdown` and `text` produce these values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holdfast.documents import Removed, Table

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "attachment_unread": "Attachments were not read.",
        "attributes_cut": "Tags with more attributes than any page needs were shortened.",
        "bytes_replaced": "Some bytes are not valid in the text's encoding and were replaced.",
        "comment_dropped": "Comments were left out.",
        "conversation_unread": "A conversation is not in the form of one; it is kept as it came.",
        "data_image_dropped": "Images embedded as data were left out; their alt text is kept.",
        "depth_cut": "Tags nested deeper than any page needs were dropped; their text is kept.",
        "encoding_guessed": "The encoding was not declared, or declared wrongly, and was guessed.",
        "front_matter_broken": "The front matter is not a YAML mapping; it is kept as text.",
        "hidden_text_dropped": "Text that a reader cannot see was left out.",
        "end_cut": "What goes beyond the most that is read of one document was left out.",
        "formula_without_value": "Formulas hold no value, since no program calculated them; their cells are empty.",
        "image_without_alt": "Images have no alt text, so what they show cannot be found or answered from.",
        "mail_cut": "A mail is larger or nested deeper than any that people write; the rest was not read.",
        "mail_encrypted": "Encrypted parts of mails cannot be read.",
        "mojibake_repaired": "Characters garbled by a wrong decoding were restored.",
        "page_without_text": "Pages hold images and no text; what they show was not read.",
        "repeated_line_dropped": "What pages repeat at their edges, and tables of contents, were left out.",
        "rows_uneven": "Rows have more or fewer cells than most.",
        "script_dropped": "Scripts were left out.",
        "table_span_cut": "Row or column spans larger than their table can use were ignored.",
    }
)
"""Every code a finding may carry, with what it means."""


class Unreadable(Exception):
    """A document that cannot be read as what it says it is; the text says why, for the ledger."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing cleaning noticed: a stable code, a sentence for the reader, and how many times it happened."""

    code: str
    message: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A document's text as Markdown, its own title if it names one, and the findings, sorted by code.

    `removed` is what was taken out of the text, `tables` are its tables as grids.
    """

    text: str
    title: str | None
    findings: tuple[Finding, ...] = ()
    removed: tuple[Removed, ...] = ()
    tables: tuple[Table, ...] = ()


def findings(counts: Mapping[str, int]) -> tuple[Finding, ...]:
    """Findings for the codes that were counted at least once, sorted by code. KeyError for an unknown code."""
    return tuple(Finding(code, MESSAGES[code], counts[code]) for code in sorted(counts) if counts[code])
