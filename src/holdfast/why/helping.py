"""What would bring a document in where it fell out: each thing is tried, and only what then works is promised.

Knows nothing of how far a document came, but where it fell out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace as posed_anew

from msgspec.structs import replace

from holdfast.corpus.settings import DEFAULT_WEIGHT
from holdfast.corpus.why import Station, Suggestion, fell_out_at
from holdfast.records import Json, Retrieved
from holdfast.runtime.retrieving import reranker_of
from holdfast.why.walker import DEEPEST, Walked, Walker, rank_in

WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_PRINCIPALS = 5  # that are tried, of a document for many
_SETTINGS = frozenset({"lexical", "meaning", "cut", "confidence", "reranker"})
"""Stations where another setting of the slot may help."""


async def helped(walker: Walker, walked: Walked) -> tuple[Station, ...]:
    """The stations, the one where the document fell out with what would bring it in."""
    fell = fell_out_at(walked.stations)
    if fell is None:
        return walked.stations
    would_help = await _Helping(walker, walked).at(fell)
    return tuple(replace(one, would_help=would_help) if one.name == fell else one for one in walked.stations)


class _Helping:
    def __init__(self, walker: Walker, walked: Walked) -> None:
        self._walker = walker
        self._posed = walker.posed
        self._walked = walked
        self._standing = walked.standing
        reranker = reranker_of(self._posed.slot)
        self._free = reranker is None or walker.ground.here(reranker)

    async def at(self, name: str) -> tuple[Suggestion, ...]:
        if name == "source":
            return tuple([one async for one in self._source()])
        if name == "permissions":
            return await self._principals()
        if name == "filters":
            where = {key: value for key, value in self._posed.slot.where.items() if key not in self._standing.wanted}
            narrower = " and ".join(sorted(self._standing.wanted))
            return tuple(filter(None, [await self._tried(f"no filter by {narrower}", {"where": _plain(where)})]))
        found: list[Suggestion | None] = []
        if name == "collapse":
            found += await self._without_twins()
        if name in _SETTINGS:
            found += [await self._by_k(), await self._by_weight()]
            found += [await self._tried(what, changes) for what, changes in self._settings()]
            found += [await self._by_title(), self._by_language()]
        return tuple(one for one in found if one is not None)

    # ------------------------------------------------------------ each thing

    async def _source(self) -> AsyncIterator[Suggestion]:
        standing, corpus = self._standing, self._posed.corpus
        outcome = standing.outcome
        if outcome.outcome == "kept" and outcome.version is not None:
            rank = (await self._in_version(outcome.version)) if self._free else None
            if rank is not None:
                yield Suggestion(what=f"version {outcome.version}", verified=True, rank=rank)
        for near in standing.nearest:
            yield Suggestion(what=f"the id '{near}', if that is meant", verified=False, note="an id that looks alike")
        if standing.refused:
            note = f"a version that may have it waits, for it breaks {', '.join(standing.refused)}"
            yield Suggestion(what=f"holdfast sync {corpus} --accept", verified=False, note=note)
        why = {
            "unknown": "the last sync saw no such id; the source may have it by now",
            "skipped": "when the source no longer gives the reason for which it was skipped",
            "failed": "a failed document is tried again",
            "kept": "it is back when the source has it again",
        }[outcome.outcome]
        if not (standing.held is False and outcome.outcome == "kept"):
            yield Suggestion(what=f"holdfast sync {corpus}", verified=False, note=why)

    async def _in_version(self, version: str) -> int | None:
        posed = posed_anew(self._posed, pinned=f"{self._posed.corpus}@{version}")
        return (await Walker(self._walker.ground, posed).given()).rank(posed.document)

    async def _principals(self) -> tuple[Suggestion, ...]:
        found = []
        for principal in self._standing.principals[:_PRINCIPALS]:
            what = f"the principal '{principal}' for who asks"
            rank = None
            if self._free:
                principals = (*self._posed.principals, principal)
                rank = (await self._walker.given(principals=principals)).rank(self._posed.document)
            note = "" if rank is not None else "it may then be seen, but does not come through"
            found.append(Suggestion(what=what, verified=rank is not None, rank=rank, note=note))
        return tuple(found)

    async def _without_twins(self) -> list[Suggestion | None]:
        """Each document that says the same, taken away."""
        fallen = next(one for one in self._walked.stations if one.name == "collapse")
        twins = fallen.measured["same_text_as"]
        assert isinstance(twins, list)
        found: list[Suggestion | None] = []
        for twin in map(str, twins):
            rank = await self._finished(await self._walker.ground.corpora.supposed(self._posed.effect(), absent=twin))
            if rank is not None:
                found.append(Suggestion(what=f"the source without its twin '{twin}'", verified=True, rank=rank))
        return found

    async def _by_k(self) -> Suggestion | None:
        """The least k that is known to be enough."""
        slot, given = self._posed.slot, self._walked.given
        if given is not None:  # found, and lost in the reranker's order
            at = rank_in(given.order, self._posed.document)
            return None if at is None or given.unsure else await self._tried(f"k = {at}", {"k": at})
        ranks = [] if self._walked.deep is None else [one.rank for one in self._walked.deep.chunks if one.rank]
        if not ranks:
            return None
        name = "k" if reranker_of(slot) is None else "rerank_k"
        for k in dict.fromkeys((min(ranks), min(DEEPEST, 2 * min(ranks)), DEEPEST)):
            if (found := await self._tried(f"{name} = {k}", {name: k})) is not None:
                return found
        return None

    async def _by_weight(self) -> Suggestion | None:
        """The weight nearest to what it is."""
        slot = self._posed.slot
        if slot.mode != "hybrid" or not self._walked.by_meaning:
            return None
        now = DEFAULT_WEIGHT if slot.weight is None else slot.weight
        for weight in sorted(WEIGHTS, key=lambda one: abs(one - now)):
            if abs(weight - now) > 0.01:
                found = await self._tried(f"weight = {weight}", {"weight": weight})
                if found is not None:
                    return found
        return None

    def _settings(self) -> Iterator[tuple[str, dict[str, Json]]]:
        """Other settings of the slot, each by itself."""
        slot, standing = self._posed.slot, self._standing
        modes = ("hybrid", "lexical", "vector") if self._walked.by_meaning else ("hybrid",)
        for mode in modes:
            if slot.mode != mode:
                yield f"mode = {mode}", {"mode": mode}
        if slot.max_per_document > 1:
            yield "max_per_document = 1", {"max_per_document": 1}
        if reranker_of(slot) is not None:
            yield "no reranker", {"reranker": "none"}
        if (given := self._walked.given) is not None and given.unsure and given.confidence is not None:
            least = int(given.confidence * 100) / 100
            yield f"min_confidence = {least}", {"min_confidence": least}
        if standing.section and "section" not in slot.where:
            section = "/".join(standing.section)
            yield f"a filter by section '{section}'", {"where": {**_plain(slot.where), "section": section}}
        if standing.locale and "locale" not in slot.where:
            locale = standing.locale
            yield f"a filter by locale '{locale}'", {"where": {**_plain(slot.where), "locale": locale}}

    async def _by_title(self) -> Suggestion | None:
        """The title with the query's missing words in it, really indexed in a copy that is thrown away."""
        words = " ".join(one.word for one in self._standing.missing)
        if not words or self._posed.slot.mode == "vector":
            return None
        title = f"{self._standing.title} {words}"
        effect, titles = self._posed.effect(), (self._posed.document, title)
        rank = await self._finished(await self._walker.ground.corpora.supposed(effect, titles=titles))
        return None if rank is None else Suggestion(what=f"the title '{title}'", verified=True, rank=rank)

    def _by_language(self) -> Suggestion | None:
        """Another stemmer for the whole corpus, where the document's language has one: never tried."""
        from holdfast.corpus.lexical import LANGUAGE_OF

        language = LANGUAGE_OF.get(self._standing.language)
        if language is None or language == self._standing.corpus_language or not self._standing.missing:
            return None
        note = f"the document is in {language}, the corpus is indexed as {self._standing.corpus_language}; not tried"
        return Suggestion(what=f"language = '{language}' for the corpus, and a sync", verified=False, note=note)

    # ------------------------------------------------------------ trying

    async def _tried(self, what: str, changes: dict[str, Json]) -> Suggestion | None:
        """The suggestion, if the document comes through with these settings."""
        slot = replace(self._posed.slot, **changes)
        if not self._free and reranker_of(slot) is not None:
            return None
        rank = (await self._walker.given(slot)).rank(self._posed.document)
        return None if rank is None else Suggestion(what=what, verified=True, rank=rank, changes=changes)

    async def _finished(self, found: Retrieved | None) -> int | None:
        """The place in what a feature would be given of what was found."""
        if found is None or not self._free:
            return None
        return (await self._walker.after(found, self._posed.slot)).rank(self._posed.document)


def _plain(where: Mapping[str, str | Sequence[str]]) -> dict[str, Json]:
    """A filter as JSON."""
    return {name: only if isinstance(only, str) else list(only) for name, only in where.items()}
