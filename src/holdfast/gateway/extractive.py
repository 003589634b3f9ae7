"""The rung that has no model: the best-supported sentences of the sources, verbatim and cited.

Does not know how sentences are weighed (`holdfast.support` does), nor how meaning is compared. Deterministic,
free, never down.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.gateway.fault import Fault
from holdfast.gateway.rung import EXTRACTIVE
from holdfast.records import Citation, Generate, Generated, Passage

if TYPE_CHECKING:
    from holdfast.support import Extract, Similar


def answer(request: Generate, rung: int, similar: Similar | None = None) -> Generated | Fault:
    """The answer the sources give to the question, or why this rung has to be passed over.

    Sentences stand in reading order, those of one passage together and followed by its marker: [1] is the passage that
    comes first and `citations[0]`, and so on. Each quote is verbatim from its passage. Where the sources hardly touch
    the question, the text is `holdfast.support.NOT_FOUND`, without citations. `similar` compares by meaning; without it
    words alone decide. Blocks for as long as it does.
    """
    if not request.answers:
        return Fault("passed_over", "the output is not a text with citations")
    if not request.sources:
        return Fault("passed_over", "there are no passages to quote")
    from holdfast.support import NOT_FOUND, extract

    found = extract(
        request.question,
        [source.text for source in request.sources],
        titles=[" > ".join(part for part in (source.title, *source.headings) if part) for source in request.sources],
        scores=[source.score for source in request.sources],
        similar=similar,
    )
    if found.weak:
        return Generated(text=NOT_FOUND, model=EXTRACTIVE, rung=rung)
    cited = list(dict.fromkeys(extract.passage for extract in found.extracts))
    renumbered = replace(
        found, extracts=tuple(replace(extract, passage=cited.index(extract.passage)) for extract in found.extracts)
    )
    citations = tuple(
        _citation(request.sources[passage], [extract for extract in found.extracts if extract.passage == passage])
        for passage in cited
    )
    return Generated(text=renumbered.text, model=EXTRACTIVE, rung=rung, citations=citations)


def _citation(source: Passage, extracts: list[Extract]) -> Citation:
    """The quote runs from the first sentence taken to the last one that follows it with nothing but space between."""
    end = extracts[0].span.end
    for extract in extracts[1:]:
        if source.text[end : extract.span.start].strip():
            break
        end = extract.span.end
    return Citation(
        document=source.document,
        chunk=source.chunk,
        title=source.title,
        url=source.url,
        quote=source.text[extracts[0].span.start : end],
    )
