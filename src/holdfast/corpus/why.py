"""The walk of one document through one search: station by station, what was measured, and where it fell out.

Knows nothing of how anything is measured, of features, or of what somebody may do about it.

    source > cleaning > chunks > permissions > filters > lexical > meaning > expansion > fusion > collapse > cut
           > confidence > reranker > prompt
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from holdfast.corpus.outcomes import Outcome
from holdfast.records import Json

StationName: TypeAlias = Literal[
    "source", "cleaning", "chunks", "permissions", "filters", "lexical", "meaning", "expansion", "fusion", "collapse",
    "cut", "confidence", "reranker", "prompt",
]  # fmt: skip
STATIONS: tuple[StationName, ...] = get_args(StationName)

Fate: TypeAlias = Literal["passed", "missed", "fell_out", "not_asked", "not_reached"]


class Suggestion(Struct, frozen=True, kw_only=True):
    """What would bring the document in. `verified`: it was done, and `rank` is what the document had then; where it is
    false nothing is promised, and `note` says why it was not tried. `changes` are settings of the corpus's slot."""

    what: str
    verified: bool
    rank: int | None = None
    changes: dict[str, Json] = {}
    note: str = ""


class Station(Struct, frozen=True, kw_only=True):
    """One station. `missed`: this list did not have the document, and another may; `not_asked`: the search has no such
    station; `not_reached`: the document had fallen out before."""

    name: StationName
    fate: Fate
    said: str
    measured: dict[str, Json] = {}
    would_help: tuple[Suggestion, ...] = ()


class Walk(Struct, frozen=True, kw_only=True):
    """A document's way through a search, every station in order. `rank` is its best passage's place in what a feature
    is given, None: not there. `fell_out_at` is None where it came through. `known`: the version or the last sync has
    heard of the id."""

    corpus: str
    version: str
    document: str
    query: str
    known: bool
    k: int
    rank: int | None
    fell_out_at: StationName | None
    stations: tuple[Station, ...]
    subject: str | None = None
    recording: str | None = None


class Missing(Struct, frozen=True, kw_only=True):
    """A word of the query that no chunk of the document has in any form, and words it has that look alike."""

    word: str
    stem: str
    near: tuple[str, ...]
    removed: bool  # it stood in what cleaning took out


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of a document in a version before anything is searched.

    `held`: the version has it; `current`: so does the newest. `wanted` has, for each name that is filtered by and where
    it does not pass, the values it has. `removed` counts the words that cleaning took out, by kind. `refused` are the
    limits that a version broke which is waiting to be accepted.
    """

    version: str
    outcome: Outcome
    nearest: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    held: bool = False
    current: bool = False
    title: str = ""
    section: tuple[str, ...] = ()
    locale: str = ""
    language: str = ""
    corpus_language: str = ""
    words: int = 0
    removed: dict[str, int] = {}
    findings: dict[str, int] = {}
    chunks: int = 0
    principals: tuple[str, ...] = ()
    allowed: bool = False
    wanted: dict[str, tuple[str, ...]] = {}
    missing: tuple[Missing, ...] = ()

    @property
    def searchable(self) -> bool:
        """Whether a search can come across it at all, for who asks."""
        return self.held and self.current and self.allowed and not self.wanted


def station(name: StationName, fate: Fate, said: str, **measured: Json) -> Station:
    return Station(name=name, fate=fate, said=said, measured=measured)


def before_searching(standing: Standing) -> tuple[Station, ...]:
    """The stations up to the filters; ends with the one where the document fell out, if it did."""
    stations = [_source(standing)]
    if stations[-1].fate == "passed":
        stations += [_cleaning(standing), _chunks(standing), _permissions(standing)]
    if stations[-1].fate == "passed":
        stations.append(_filters(standing))
    return tuple(stations)


def completed(stations: Sequence[Station]) -> tuple[Station, ...]:
    """Every station in order: those that are not among them were not reached."""
    there = {one.name: one for one in stations}
    return tuple(there.get(name) or station(name, "not_reached", "not reached") for name in STATIONS)


def fell_out_at(stations: Iterable[Station]) -> StationName | None:
    return next((one.name for one in stations if one.fate == "fell_out"), None)


def _source(standing: Standing) -> Station:
    outcome = standing.outcome
    measured: dict[str, Json] = {"outcome": outcome.outcome, "newest": outcome.version, "reason": outcome.reason}
    if standing.held and standing.current:
        said = f"it is in {standing.version}"
        if outcome.outcome != "kept":
            said += f"; the last sync {_said_of(outcome)}"
        return station("source", "passed", said, **measured)
    if standing.held:
        said = f"it is in {standing.version} and gone from the source since: nobody is shown it any more"
    elif outcome.outcome == "kept":
        said = f"it is in {outcome.version}, and not in {standing.version}"
    else:
        said = f"the last sync {_said_of(outcome)}"
    if standing.nearest:
        measured["nearest"] = list(standing.nearest)
        said += f"; ids like it: {', '.join(standing.nearest)}"
    return station("source", "fell_out", said, **measured)


def _said_of(outcome: Outcome) -> str:
    if outcome.outcome == "unknown":
        return "saw no such id"
    return f"{outcome.outcome} it" + (f": {outcome.reason}" if outcome.reason else "")


def _cleaning(standing: Standing) -> Station:
    taken = sum(standing.removed.values())
    said = f"{standing.words} words are left"
    if taken:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(standing.removed.items()))
        said += f", {taken} were taken out ({kinds})"
    lost = [one.word for one in standing.missing if one.removed]
    if lost:
        said += f"; the query's {_listed(lost)} stood only in what was taken out"
    measured: dict[str, Json] = {
        "words": standing.words,
        "removed": dict(standing.removed),
        "findings": dict(standing.findings),
        "query_words_removed": list(lost),
    }
    return station("cleaning", "passed", said, **measured)


def _chunks(standing: Standing) -> Station:
    chunks = "1 chunk" if standing.chunks == 1 else f"{standing.chunks} chunks"
    return station("chunks", "passed", chunks, chunks=standing.chunks)


def _permissions(standing: Standing) -> Station:
    who = f"those with {_listed(standing.principals, ' or ')}" if standing.principals else "everybody"
    said = f"{who} may see it" + ("" if standing.allowed else ", and who asks has none of these")
    fate: Fate = "passed" if standing.allowed else "fell_out"
    return station("permissions", fate, said, principals=list(standing.principals))


def _filters(standing: Standing) -> Station:
    if not standing.wanted:
        return station("filters", "passed", "it passes every filter of the search")
    parts = [f"{name} of it is {_listed(has) if has else 'not set'}" for name, has in sorted(standing.wanted.items())]
    return station(
        "filters", "fell_out", "; ".join(parts), has={name: list(has) for name, has in standing.wanted.items()}
    )


def _listed(names: Sequence[str], last: str = " and ") -> str:
    quoted = [f"'{name}'" for name in names]
    return last.join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
