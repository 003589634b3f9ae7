"""A postmortem as Markdown, for a person to edit. Pure: the same values give the same text.

Knows nothing of where the values come from.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import quote

from holdfast.evals.postmortem.document import Claim, Gap, Incident, Postmortem, Source, Tried
from holdfast.evals.postmortem.finding import MOST
from holdfast.evals.postmortem.markdown import code, prose, quoted

_SHOWN = 8
"""Sources that stand behind a sentence; the others are in the last section."""
_ASKS = MappingProxyType(
    {
        "Summary": "Who noticed, and how? How long was it from the first failure until somebody knew?",
        "Impact": "What did this cost those it reached? Were they told, and is anything owed to them?",
        "Timeline": "What did people do, and when? Nothing of that is recorded here.",
        "What failed": "Why was that possible? Ask until the answer is something that can be changed.",
        "What fixed it": "Who did what to fix it? What made it take as long as it did?",
        "So that it cannot return": "What would have shown it sooner? Who sees to that, and until when?",
    }
)


def rendered(postmortem: Postmortem, base_url: str | None = None) -> str:
    """The document. With `base_url`, where the console is served, what a sentence rests on is a link into it."""
    refs = _Refs(base_url.rstrip("/") if base_url else None)
    lines = list(_document(postmortem, refs))
    return "\n".join([*lines, *refs.listed()]) + "\n"


def _document(postmortem: Postmortem, refs: _Refs) -> Iterator[str]:
    several = len(postmortem.incidents) > 1
    title = f"{len(postmortem.incidents)} incidents" if several else _title(postmortem.incidents[0])
    yield f"# Postmortem: {title}"
    yield ""
    yield (
        f"<!-- Written on {_moment(postmortem.made_at)} UTC from what was kept. Each sentence names what it rests on,"
        " and the last section says how to look at that. Edit it as you like. -->"
    )
    for number, incident in enumerate(postmortem.incidents, start=1):
        if several:
            yield from ("", f"## {number}. {_title(incident)}")
        yield from _incident(incident, refs, "###" if several else "##")
    if postmortem.more:
        yield from ("", f"<!-- {postmortem.more} smaller incidents are left out: name one, or a shorter time. -->")


def _title(incident: Incident) -> str:
    return prose(f"{incident.signature.feature}: {incident.title}")


def _incident(incident: Incident, refs: _Refs, level: str) -> Iterator[str]:
    yield from _headed(level, "Summary", [" ".join(_claim(each, refs) for each in incident.summary)])
    yield from _headed(level, "Impact", _list(incident.impact, refs))
    yield from _headed(
        level, "Timeline", [f"- {_moment(each.at)} UTC: {_claim(each, refs)}" for each in incident.timeline if each.at]
    )
    yield from _headed(level, "What failed", [*_list(incident.failed, refs), *_tried(incident.tried, refs)])
    yield from _headed(level, "What fixed it", _list(incident.fixed, refs) or ["Not seen to be fixed."])
    yield from _headed(level, "So that it cannot return", _list(incident.cases, refs) or ["No case asks this yet."])
    yield from _headed(
        level, "What is not known", [_gap(each) for each in incident.unknown] or ["Nothing that was looked for."]
    )


def _headed(level: str, title: str, lines: Sequence[str]) -> Iterator[str]:
    yield from ("", f"{level} {title}", "")
    yield from lines
    if (ask := _ASKS.get(title)) is not None:
        yield from ("", f"<!-- {ask} -->")


def _list(claims: Sequence[Claim], refs: _Refs) -> list[str]:
    return [f"- {_claim(each, refs)}" for each in claims]


def _claim(claim: Claim, refs: _Refs) -> str:
    rests = f"({refs.of(claim.sources)})"
    if claim.quote is not None:
        return f"{prose(claim.said)} {quoted(claim.quote)} {rests}"
    return f"{prose(claim.said.removesuffix('.'))} {rests}."


def _tried(tried: Sequence[Tried], refs: _Refs) -> Iterator[str]:
    """What was put in place of what, and how many answers passed with it."""
    if not tried:
        return
    yield from ("", "| with this in its place | answers that pass | 90 % interval | recordings |", "|---|---|---|---|")
    for each in tried:
        low, high = (None, None) if each.share is None else (each.share.low, each.share.high)
        between = "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
        yield f"| {prose(each.said)} | {each.passed} of {each.asked} | {between} | {refs.of(each.sources)} |"


def _gap(gap: Gap) -> str:
    return f"- {prose(gap.said)}" + (f" Type {code(gap.do)}." if gap.do else "")


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class _Refs:
    """What was named so far, in order; recordings of an expression are numbered."""

    base_url: str | None
    named: dict[Source, str] = field(default_factory=dict)
    lists: int = 0

    def of(self, sources: Sequence[Source]) -> str:
        """Names for sources, as they stand behind a sentence."""
        names = [self._name(each) for each in dict.fromkeys(sources)]
        left = len(names) - _SHOWN
        return ", ".join(names[:_SHOWN]) + (f" and {left} more" if left > 0 else "")

    def listed(self) -> Iterator[str]:
        """The section that says of everything named how to look at it."""
        yield from ("", "## Where this comes from", "")
        yield from (f"- {name} is shown by {code(_command(source))}" for source, name in self.named.items())
        links = [(name, url) for source, name in self.named.items() if (url := self._url(source)) is not None]
        if links:
            yield ""
            yield from (f"{name}: {url}" for name, url in links)

    def _url(self, source: Source) -> str | None:
        page = None if self.base_url is None else _page(source)
        return None if page is None else f"{self.base_url}/#/{page}"

    def _name(self, source: Source) -> str:
        if source not in self.named:
            self.lists += source.kind == "recordings"
            name = f"list {self.lists}" if source.kind == "recordings" else code(source.id)
            name = code(f"promotion {source.id}") if source.kind == "promotion" else name
            self.named[source] = name if self._url(source) is None else f"[{name}]"
        return self.named[source]


def _command(source: Source) -> str:
    """What to type to look at a source; where no command shows it, what to ask over HTTP."""
    corpus, _, version = source.id.partition("@")
    match source.kind:
        case "recording":
            words = ["recordings", "show", source.id]
        case "recordings":
            words = ["recordings", "list", "--limit", str(MOST), "--where", source.id]
        case "release":
            words = ["release", "diff", source.id, "working"]
        case "promotion":
            words = ["release", "list"]
        case "corpus":
            words = ["corpus", "show", corpus, version]
        case "corpus_change":
            words = ["corpus", "diff", corpus, *version.split("..")]
        case "job":
            words = ["jobs", "show", source.id]
        case "case":
            words = ["cases", "list", source.id.partition("#")[0].removeprefix("evals/").removesuffix(".jsonl")]
        case "diagnosis" | "evaluation" | "gate":
            plural = {"diagnosis": "diagnoses", "evaluation": "evaluations", "gate": "gates"}[source.kind]
            return f"GET /v1/{plural}/{source.id}"
    return shlex.join(["holdfast", *words])


def _page(source: Source) -> str | None:
    """The console's page of a source; None where it has none."""
    part = {
        "recording": "recordings",
        "diagnosis": "diagnoses",
        "evaluation": "evaluations",
        "gate": "gates",
        "job": "jobs",
    }
    if source.kind in part:
        return f"{part[source.kind]}/{quote(source.id, safe='')}"
    corpus, _, version = (quote(each, safe="") for each in source.id.partition("@"))
    match source.kind:
        case "recordings":
            return f"recordings?where={quote(source.id, safe='')}"
        case "corpus":
            return f"corpora/{corpus}/{version}"
        case "corpus_change":
            before, _, after = version.partition("..")
            return f"corpora/{corpus}/{after}/since/{before}"
        case _:
            return None
