"""The guard `shape`: length, patterns, required fields, and nothing that a template or a model left behind.

Does not know whether what is said is true, nor any schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from holdfast.errors import Misconfigured
from holdfast.guards.settings import compile_patterns, read_settings
from holdfast.records import Json, Verdict

_GAP = r"insert\s\w|your\s\w|fill in|placeholder|(?:customer|company|product|agent)(?:'s)? name"
_LEFT_BEHIND = tuple(
    (re.compile(pattern, re.IGNORECASE), noun)
    for pattern, noun in (
        (r"\{\{[^{}]*\}\}|\{%.*?%\}", "a template's mark"),
        (rf"\[(?:{_GAP})[^\]\n]{{0,60}}\](?!\()|<(?:{_GAP})[^>\n]{{0,60}}>", "a gap to fill in"),
        (r"\b(?:todo|tbd|fixme):|\blorem ipsum\b", "a gap to fill in"),
        (
            r"\bas an? (?:ai|(?:ai |large )?language model|ai (?:model|assistant))(?:,|\s+i\b)",
            "a model speaking of itself",
        ),
        (r"\bmy (?:knowledge cut-?off|training data)\b", "a model speaking of itself"),
        (r"<\|[a-z_]+\|>|\[/?INST\]|</?think(?:ing)?>|^\s*assistant\s*:", "a mark of the model's own format"),
    )
)


class Settings(Struct, frozen=True, kw_only=True):
    """Lengths are in characters of the trimmed text. `must_match`: regular expressions that must all be found;
    `must_not_match`: none of which may be; `required`: fields of a text that is a JSON object, which must not be empty;
    `leftovers`: whether marks left by templates and models fail the text."""

    min_chars: Annotated[int, Meta(ge=0)] = 1
    max_chars: Annotated[int, Meta(ge=1)] | None = None
    must_match: tuple[str, ...] | str = ()
    must_not_match: tuple[str, ...] | str = ()
    required: tuple[str, ...] = ()
    leftovers: bool = True


class Shape(Struct, frozen=True):
    """See `check`."""

    name: str
    settings: Settings
    must_match: tuple[re.Pattern[str], ...]
    must_not_match: tuple[re.Pattern[str], ...]

    async def check(self, text: str, sources: Sequence[str]) -> Verdict:  # noqa: ARG002 (the contract's second half)
        """Passed where nothing is wrong with the form of the text; `score` is then 1.0, else 0.0.

        `reason` names the first thing that is wrong. There is no redacted text.
        """
        reason = self._length(text.strip()) or self._patterns(text) or self._fields(text)
        return Verdict(guard=self.name, passed=reason is None, score=0.0 if reason else 1.0, reason=reason)

    def _length(self, text: str) -> str | None:
        if len(text) < self.settings.min_chars:
            return f"{len(text)} characters, fewer than {self.settings.min_chars}" if text else "there is no text"
        if self.settings.max_chars is not None and len(text) > self.settings.max_chars:
            return f"{len(text)} characters, more than {self.settings.max_chars}"
        return None

    def _patterns(self, text: str) -> str | None:
        for pattern in self.must_match:
            if not pattern.search(text):
                return f"does not match {pattern.pattern!r}"
        for pattern in self.must_not_match:
            if found := pattern.search(text):
                return f"matches {pattern.pattern!r}: “{found[0][:60]}”"
        for pattern, noun in _LEFT_BEHIND if self.settings.leftovers else ():
            if found := pattern.search(text):
                return f"{noun} was left behind: “{found[0][:60]}”"
        return None

    def _fields(self, text: str) -> str | None:
        if not self.settings.required:
            return None
        try:
            record = msgspec.json.decode(text)
        except msgspec.DecodeError:
            record = None
        if not isinstance(record, dict):
            return "is not a JSON object"
        for field in self.settings.required:
            value = record.get(field)
            if value is None or value in ([], {}) or (isinstance(value, str) and not value.strip()):
                return f"the field '{field}' is empty"
        return None


def build(name: str, settings: Mapping[str, Json]) -> Shape:
    """The guard with these settings, its patterns compiled. Raises Misconfigured (HF100)."""
    found = read_settings(name, settings, Settings)
    if found.max_chars is not None and found.max_chars < found.min_chars:
        raise Misconfigured(
            "HF100",
            f"guard '{name}': max_chars {found.max_chars} is less than min_chars {found.min_chars}",
            f"correct them in [guards.{name}]",
        )
    return Shape(
        name,
        found,
        compile_patterns(name, "must_match", _listed(found.must_match)),
        compile_patterns(name, "must_not_match", _listed(found.must_not_match)),
    )


def _listed(patterns: tuple[str, ...] | str) -> tuple[str, ...]:
    return (patterns,) if isinstance(patterns, str) else patterns
