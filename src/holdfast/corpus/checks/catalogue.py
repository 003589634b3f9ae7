"""Every code that a quality report may carry: how bad it is, what it means, and what to do about it.

Knows nothing of how any of them is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from holdfast.corpus.cleaned import MESSAGES as CLEANING
from holdfast.corpus.quality import Severity

THIN_CHARACTERS = 80
OVERLONG_CHARACTERS = 60_000
REPEATED_AT_LEAST = 5


class Kind(Struct, frozen=True):
    """What a finding's code stands for. `fix` is what to do about it."""

    severity: Severity
    message: str
    fix: str


_OWN: Mapping[str, Kind] = MappingProxyType(
    {
        "broken_anchor": Kind(
            "worth_a_look", "Links name a place in a document which that document does not have.",
            "Give the heading its old name again, or point the link at one that is there.",
        ),
        "broken_link": Kind(
            "broken", "Links go to a document of this corpus that is not there.",
            "Point the link at the document's new address, or take it out.",
        ),
        "contradiction": Kind(
            "worth_a_look", "Two documents say almost the same, with another number, date, amount, or yes for no.",
            "Read the two sentences side by side; correct the one that is wrong, or say when each of them holds.",
        ),
        "duplicate": Kind(
            "worth_a_look", "Documents say word for word the same as another one; a search shows one of them.",
            "Keep one of them, and let the others link to it.",
        ),
        "empty": Kind(
            "worth_a_look", "Items of the source have no text once they are cleaned, and did not become documents.",
            "Write what they are about, or unpublish them; an image without alt text is no text.",
        ),
        "failed": Kind(
            "broken", "Items of the source could not be fetched or read.",
            "See the reason beside each; the next sync tries them again.",
        ),
        "fake_heading": Kind(
            "note", "Lines in bold stand where a heading should; passages under them do not know what they are about.",
            "Make them headings in the editor.",
        ),
        "field_appeared": Kind("note", "The source has a field it did not have in the version before.", "Nothing."),
        "field_type_changed": Kind(
            "worth_a_look", "A field of the source holds another type of value than in the version before.",
            "See whether what reads the field still understands it, filters above all.",
        ),
        "field_vanished": Kind(
            "broken", "A field that the source had in the version before is gone.",
            "See whether the source was reconfigured, or its key lost a right.",
        ),
        "injected": Kind(
            "broken", "Text speaks to a language model and would have it do something else.",
            "Read it. Take it out at the source, and find out who put it there.",
        ),
        "link_to_unpublished": Kind(
            "broken", "Links go to an item that the source holds and did not publish, such as a draft.",
            "Publish what is linked to, or take the link out.",
        ),
        "locale_appeared": Kind("note", "Documents of a locale appeared that there was none of before.", "Nothing."),
        "locale_mismatch": Kind(
            "worth_a_look", "Documents are written in another language than their locale says.",
            "Correct the locale, or translate the document.",
        ),
        "locale_vanished": Kind(
            "broken", "All documents of a locale are gone.", "See whether the source still gives that locale."
        ),
        "media_type_changed": Kind(
            "worth_a_look", "Documents come as another media type than in the version before.",
            "See whether the source was reconfigured; read some of them as they are now.",
        ),
        "mixed_document": Kind(
            "note", "Documents begin in one language and end in another.", "Make one document of each language."
        ),
        "mixed_languages": Kind(
            "note", "The corpus is written in more than one language; its stemmer knows one.",
            "Make one corpus of each language, or set language = 'none'.",
        ),
        "near_duplicate": Kind(
            "worth_a_look", "Documents share at least four fifths of their wording with another one.",
            "Keep one of them, or say in the first lines what tells them apart.",
        ),
        "overlong": Kind(
            "note", f"Documents have more than {OVERLONG_CHARACTERS} characters.",
            "Split them by subject, so that a passage's title says what it is about.",
        ),
        "paraphrase": Kind(
            "worth_a_look", "Documents say the same as another one in other words, as far as their vectors tell.",
            "Keep one of them; where they differ, nobody knows which is right.",
        ),
        "rated_bad": Kind(
            "worth_a_look", "The customer rated how the ticket was resolved as bad: nothing to learn from.",
            "Leave such tickets out of the corpus, or correct the answer.",
        ),
        "repeated_block": Kind(
            "worth_a_look", "The same paragraph stands in many documents, and crowds out what is about the question.",
            "Keep it in one document and link to it, or have the source leave it out.",
        ),
        "secret": Kind(
            "broken", "Text holds a key, a token, a private key or a password.",
            "Revoke it first. Then take it out at the source.",
        ),
        "stale": Kind(
            "worth_a_look", "Documents were not touched for long and speak of years past or of what is to come.",
            "Have somebody who knows read them; correct them or take them out.",
        ),
        "thin": Kind(
            "note", f"Documents have fewer than {THIN_CHARACTERS} characters of text.",
            "Write more, or merge them into what they belong to.",
        ),
        "untitled": Kind(
            "worth_a_look", "Documents have no title, neither from their source nor in their text.",
            "Give each a title that says what it is about; it is in every passage.",
        ),
        "volume_drop": Kind(
            "broken", "There is much less than in the versions before: of documents, text, a section or a locale.",
            "See whether the source still gives everything; a right that was lost looks like this.",
        ),
    }
)  # fmt: skip

PERSONAL: Mapping[str, str] = MappingProxyType(
    {
        "personal_card": "numbers of payment cards, their check digit right",
        "personal_email": "addresses of people, those of a role such as `support` left out",
        "personal_iban": "numbers of bank accounts, their checksum right",
        "personal_id": "numbers that a state gave to a person",
        "personal_ip": "public IP addresses",
        "personal_name": "names of people after a form of address",
        "personal_phone": "telephone numbers",
    }
)
"""Personal data, by code: what is found."""
_PUBLIC = frozenset({"personal_ip", "personal_name"})  # stand in examples of logs and in credits more often than not

_CLEANING: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        "bytes_replaced": ("broken", "Save the text in UTF-8 at the source; what was replaced cannot be read."),
        "encoding_guessed": ("note", "Save the text in UTF-8 at the source."),
        "front_matter_broken": ("worth_a_look", "Correct the YAML; until then its title does not count."),
        "hidden_text_dropped": ("worth_a_look", "Read it: text that readers cannot see may be meant for a model."),
        "image_without_alt": ("worth_a_look", "Describe each image in its alt text, above all where it shows a step."),
        "mojibake_repaired": ("note", "Correct it at the source; another reader sees it garbled."),
    }
)


def _kinds() -> dict[str, Kind]:
    kinds = dict(_OWN)
    for code, what in PERSONAL.items():
        fix = "Take it out at the source, where it is not meant to be read by whoever asks."
        kinds[code] = Kind("note" if code in _PUBLIC else "worth_a_look", f"Text holds {what}.", fix)
    for code, message in CLEANING.items():
        severity, fix = _CLEANING.get(code, ("note", "Nothing, unless what was left out matters."))
        kinds[code] = Kind(severity, message, fix)
    return {code: kinds[code] for code in sorted(kinds)}


CATALOGUE: Mapping[str, Kind] = MappingProxyType(_kinds())
UNKNOWN = Kind("note", "Cleaning remarked something this version has no words for.", "Update Holdfast.")
