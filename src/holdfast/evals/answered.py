"""What a scorer looks at, read from a recording: text, citations, passages, and documents that say the same.

Knows nothing of any scorer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from holdfast.contracts import Answered
from holdfast.evaluation import Case
from holdfast.records import Citation, Json, Passage, Recording, Retrieve, Retrieved

TextOf = Callable[[str, str], Awaitable[str | None]]
"""The text of a document: of a corpus version (`help_center@v12`) and by its id; None where it is not there."""


async def answered(case: Case, recording: Recording, text_of: TextOf) -> Answered:
    """The case with what came of it."""
    citations, passages = citations_of(recording.output), passages_of(recording)
    same_as = []
    gold = {gold.document for gold in case.gold}
    cited = {citation.document for citation in citations}
    if gold and cited - gold:
        corpora = {step.effect.corpus for step in recording.steps if isinstance(step.effect, Retrieve)}
        for corpus in sorted(corpora):
            texts = {name: await text_of(corpus, name) for name in sorted(gold | cited)}
            same_as += [
                (other, name)
                for other in sorted(cited - gold)
                for name in sorted(gold)
                if texts[name] is not None and texts[other] == texts[name]
            ]
    return Answered(
        case=case,
        recording=recording,
        text=text_in(recording.output),
        citations=citations,
        passages=passages,
        same_as=tuple(same_as),
    )


def text_in(output: Json) -> str:
    """The output's text: itself, or its field `text`; empty where it has none."""
    found: Any = output.get("text") if isinstance(output, dict) else output
    return found if isinstance(found, str) else ""


def citations_of(output: Json) -> tuple[Citation, ...]:
    """The output's field `citations`, as far as it holds citations."""
    listed = output.get("citations") if isinstance(output, dict) else None
    found = []
    for each in listed if isinstance(listed, list) else ():
        try:
            found.append(msgspec.convert(each, Citation))
        except msgspec.ValidationError:
            continue  # a field of that name that means something else
    return tuple(found)


def passages_of(recording: Recording) -> tuple[Passage, ...]:
    """Everything that was found, each chunk once."""
    found = {
        (passage.document, passage.chunk): passage
        for step in recording.steps
        if isinstance(step.result, Retrieved)
        for passage in step.result.passages
    }
    return tuple(found.values())
