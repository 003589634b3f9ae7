"""The walk of a document through a search, every station in its order.

Knows nothing of protocols, nor of how anything is searched.
"""

from __future__ import annotations

import json

from holdfast.corpus.why import Fate, Station, Walk, before_searching, completed, fell_out_at, station
from holdfast.corpus.why_searched import while_searching, with_closest
from holdfast.evals.answered import citations_of
from holdfast.records import Generate, Retrieved
from holdfast.runtime.retrieving import reranker_of
from holdfast.runtime.who import Who
from holdfast.why.helping import helped
from holdfast.why.posing import Asking, Ground, Posed, pose
from holdfast.why.walker import Given, Walked, Walker, rank_in


async def walk(ground: Ground, asking: Asking, who: Who | None) -> Walk:
    """The walk. Without `who` it is the recording's subject, or anybody.

    Everything is done as a request would do it, reranking included; suggestions are tried, except where that would
    mean to pay a vendor's reranker again. Raises NotFound (HF202, HF203), ReplayDiverged (HF502), EffectFailed (HF308).
    """
    posed = await pose(ground, asking, who)
    walker = Walker(ground, posed)
    walked = await _walked(walker)
    fell = fell_out_at(walked.stations)
    stations = completed(await helped(walker, walked))
    rank = walked.given.rank(posed.document) if walked.given is not None else None
    outcome = walked.standing.outcome
    return Walk(
        corpus=posed.corpus,
        version=walked.standing.version,
        document=posed.document,
        query=posed.query,
        known=walked.standing.held or outcome.outcome != "unknown",
        k=posed.slot.k,
        rank=rank,
        fell_out_at=fell,
        stations=stations,
        subject=posed.subject,
        recording=None if posed.recording is None else posed.recording.id,
    )


async def _walked(walker: Walker) -> Walked:
    posed = walker.posed
    standing = await walker.standing()
    stations = before_searching(standing)
    if not standing.searchable:
        return Walked(standing, (*stations, *_prompt(posed, reached=False)))
    explained, deep = await walker.explained()
    stations = tuple(with_closest(one, explained) if one.name == "chunks" else one for one in stations)
    stations += while_searching(standing, explained, deep, posed.effect().search)
    by_meaning = explained.chunks[0].vectors is not None
    if fell_out_at(stations) is not None:
        return Walked(standing, (*stations, *_prompt(posed, reached=False)), deep, None, by_meaning)
    given = await walker.given()
    stations += (_confidence(posed, given),)
    if not given.unsure:
        stations += (_reranker(posed, given),)
    reached = fell_out_at(stations) is None
    return Walked(standing, (*stations, *_prompt(posed, reached=reached)), deep, given, by_meaning)


def _confidence(posed: Posed, given: Given) -> Station:
    least = posed.slot.min_confidence
    if given.confidence is None:
        return station("confidence", "not_asked", "how sure the search is, is not known", min_confidence=least)
    measured = round(given.confidence, 4)
    if given.unsure:
        said = f"{measured:.2f} is below min_confidence {least:.2f}: nothing counts as found"
        return station("confidence", "fell_out", said, confidence=measured, min_confidence=least)
    return station("confidence", "passed", f"{measured:.2f}", confidence=measured, min_confidence=least)


def _reranker(posed: Posed, given: Given) -> Station:
    name, k = reranker_of(posed.slot), posed.slot.k
    if name is None:
        return station("reranker", "not_asked", "the slot has no reranker")
    before, after = rank_in(given.found, posed.document), rank_in(given.order, posed.document)
    said = f"{name} gave nothing ({given.failed}); the order stays" if given.failed else name
    said += f": number {before} before, number {after} after, {k} are given"
    fate: Fate = "passed" if given.rank(posed.document) is not None else "fell_out"
    return Station(
        name="reranker", fate=fate, said=said, measured={"reranker": name, "before": before, "after": after, "k": k}
    )


def _prompt(posed: Posed, *, reached: bool) -> tuple[Station, ...]:
    """Whether what was found of the document stood in a prompt, and was cited, as the recording has it."""
    recording = posed.recording
    if recording is None:
        return (station("prompt", "not_asked", "no recording was named"),) if reached else ()
    found = [
        passage
        for step in recording.steps
        if isinstance(step.result, Retrieved)
        for passage in step.result.passages
        if passage.document == posed.document
    ]
    asked = [step.effect for step in recording.steps if isinstance(step.effect, Generate)]
    texts = _squeezed("\n".join(message.text for effect in asked for message in effect.messages))
    stood = [passage for passage in found if any(form in texts for form in _forms(passage.text))]
    cited = any(one.document == posed.document for one in citations_of(recording.output))
    said = "it was not found then" if not found else f"{len(stood)} of its {len(found)} passages stood in a prompt"
    said += " and the answer cites it" if cited else ", and the answer does not cite it" if stood else ""
    through = bool(stood) or cited
    return (
        Station(
            name="prompt",
            fate="not_reached" if not reached else "passed" if through else "fell_out",
            said=said,
            measured={"found": len(found), "in_prompt": len(stood), "cited": cited},
        ),
    )


def _forms(text: str) -> tuple[str, ...]:
    """How a text may stand in a prompt: as it is, or in JSON."""
    return _squeezed(text), *(_squeezed(json.dumps(text, ensure_ascii=ascii)[1:-1]) for ascii in (False, True))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
