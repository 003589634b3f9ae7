"""The guard `grounded`: every claim of a text must rest on its sources, and every citation must point at one.

Does not know meaning: it weighs words, names, numbers and denials (`holdfast.support`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from holdfast.guards.settings import read_settings
from holdfast.records import Json, Verdict
from holdfast.support import CITATION, NOT_FOUND, RESTS, grounding
from holdfast.support.sentences import Span

_CODE = re.compile(r"(`{3,}|~{3,}).*?(?:\1|\Z)|`[^`\n]+`", re.DOTALL)
_QUOTED_CHARS = 160


class Settings(Struct, frozen=True, kw_only=True):
    """`threshold`: the support in 0..1 that every claim needs; `citations`: whether markers are checked."""

    threshold: Annotated[float, Meta(ge=0, le=1)] = RESTS
    citations: bool = True


class Grounded(Struct, frozen=True):
    """See `check`."""

    name: str
    settings: Settings

    async def check(self, text: str, sources: Sequence[str]) -> Verdict:
        """Passed where every claim is supported and every citation marker [n] names one of the sources, from 1.

        `score` is the share of claims that are supported, 1.0 where nothing is claimed; `reason` names the marker, or
        the first unsupported sentence; `redacted` is the text without unsupported sentences and wrong markers, or
        `support.NOT_FOUND` where no claim remains.
        """
        wrong = _wrong_markers(text, len(sources)) if self.settings.citations else []
        found = grounding(text, sources, threshold=self.settings.threshold)
        claims = [sentence for sentence in found.sentences if sentence.claim]
        bad = [sentence.span for sentence in claims if sentence.support.score < self.settings.threshold]
        if not bad and not wrong:
            return Verdict(guard=self.name, passed=True, score=found.share)
        if bad:
            quoted = " ".join(bad[0].text.split())
            quoted = quoted if len(quoted) <= _QUOTED_CHARS else quoted[: _QUOTED_CHARS - 1] + "…"
            reason = f"not supported by the sources: “{quoted}”"
            reason += f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        else:
            reason = f"cites {wrong[0].text.strip()}, but there are {len(sources)} sources"
        redacted = _without(text, [*bad, *wrong]) if len(bad) < len(claims) or not claims else NOT_FOUND
        return Verdict(guard=self.name, passed=False, score=found.share, reason=reason, redacted=redacted)


def build(name: str, settings: Mapping[str, Json]) -> Grounded:
    """The guard with these settings. Raises Misconfigured (HF100)."""
    return Grounded(name, read_settings(name, settings, Settings))


def _wrong_markers(text: str, count: int) -> list[Span]:
    """Citation markers outside code that name a source which is not there."""
    plain = _CODE.sub(lambda code: " " * len(code[0]), text)
    markers = [Span(marker.start(), marker.end(), marker[0]) for marker in CITATION.finditer(plain)]
    return [marker for marker in markers if not all(1 <= int(n) <= count for n in re.findall(r"\d+", marker.text))]


def _without(text: str, spans: Sequence[Span]) -> str:
    """The text without these spans, nor the lines and spaces that they leave empty."""
    gone = [False] * len(text)
    for span in spans:
        gone[span.start : span.end] = [True] * (span.end - span.start)
    kept, start = [], 0
    for line in text.splitlines(keepends=True):
        rest = "".join(char for char, lost in zip(line, gone[start : start + len(line)], strict=True) if not lost)
        touched = any(gone[start : start + len(line)])
        start += len(line)
        if touched:
            if not rest.strip():
                continue
            rest = re.sub(r"(?<=\S) {2,}", " ", rest.rstrip()) + line[len(line.rstrip("\r\n")) :]
            rest = rest if line[:1].isspace() else rest.lstrip()
        kept.append(rest)
    return "".join(kept).strip()
