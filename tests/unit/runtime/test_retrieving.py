"""What a feature is given by `ctx.retrieve`: found, reranked within its budget, and none where nothing is likely."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import BaseModel
from tests.unit.runtime.worlds import Outside

from holdfast.errors import EffectFailed, Misconfigured
from holdfast.records import Passage, Recording, Rerank, Reranked, Retrieve, Retrieved
from holdfast.release import CorpusSlot, Release
from holdfast.runtime.context import Context
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import declare
from holdfast.runtime.tape import Tape

TEXTS = ("aaaa", "bb", "cccccc", "ddd", "e")
SCORES = (1.0, 0.8, 0.5, 0.2, 0.0)


class Query(BaseModel):
    text: str
    k: int | None = None
    where: dict[str, str | list[str]] | None = None


class Found(BaseModel):
    texts: list[str]
    confidence: float | None


async def search(ctx: Context, query: Query) -> Found:
    passages = await ctx.retrieve("kb", query.text, k=query.k, where=query.where)
    return Found(texts=[passage.text for passage in passages], confidence=passages.confidence)


class Library(Outside):
    """Finds TEXTS, and reranks by length unless something is to go wrong."""

    def __init__(self, confidence: float | None = 0.5, error: Exception | None = None, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.confidence = confidence
        self.error = error

    def result(self, effect: Any) -> Any:
        if isinstance(effect, Rerank):
            if self.error is not None:
                raise self.error
            return Reranked(scores=tuple(self.scale * (len(text) - 5.5) for text in effect.texts))
        passages = (Passage(document=text, chunk=text, title="T", text=text, score=score)
                    for text, score in zip(TEXTS, SCORES, strict=True))  # fmt: skip
        return Retrieved(passages=tuple(passages)[: effect.search.k], confidence=self.confidence)

    def asked(self, kind: type) -> list[Any]:
        return [effect for effect in self.done if isinstance(effect, kind)]


async def run(
    library: Library, tape: Tape | None = None, k: int | None = None, where: Any = None, **slot: Any
) -> Recording:
    release = Release(slots={"kb": CorpusSlot(**slot)})
    more = {} if tape is None else {"tape": tape}
    given = {"text": "q", "k": k, "where": where}
    return await execute(declare(search), given, release=release, world=library.world(), **more)


def texts(recording: Recording) -> list[str]:
    assert isinstance(recording.output, dict), recording.failure
    return recording.output["texts"]


async def test_without_a_reranker_the_order_of_the_search_stands() -> None:
    library = Library()
    assert texts(await run(library, k=2)) == ["aaaa", "bb"]
    assert not library.asked(Rerank)


async def test_a_reranker_reads_more_than_are_wanted_and_both_scores_count() -> None:
    library = Library()
    recording = await run(library, k=2, reranker="r", rerank_k=4, rerank_weight=1.0)
    assert texts(recording) == ["cccccc", "aaaa"]
    assert library.asked(Retrieve)[0].search.k == 4
    assert library.asked(Rerank)[0].slot == "kb"
    half = await run(Library(), k=2, reranker="r", rerank_k=4, rerank_weight=0.5)
    assert texts(half) == ["aaaa", "cccccc"]
    none = await run(Library(), k=2, reranker="r", rerank_k=4, rerank_weight=0.0)
    assert texts(none) == ["aaaa", "bb"]


async def test_the_greatest_scores_there_are_blend_like_small_ones() -> None:
    plain = await run(Library(), reranker="r", rerank_weight=0.6)
    greatest = await run(Library(scale=7e307), reranker="r", rerank_weight=0.6)
    assert texts(greatest) == texts(plain)


async def test_a_reranker_reads_what_a_passage_stands_under() -> None:
    library = Library()
    await run(library, reranker="r")
    assert library.asked(Rerank)[0].texts[0] == "T\naaaa"


async def test_a_reranker_that_fails_leaves_the_order_and_the_outcome_says_so() -> None:
    library = Library(error=EffectFailed("HF302", "too late", "wait"))
    recording = await run(library, k=2, reranker="slow:one")
    assert texts(recording) == ["aaaa", "bb"]
    assert recording.outcome == "degraded"
    assert recording.degraded is not None
    assert (recording.degraded.slot, recording.degraded.reason) == ("kb", "slow:one: too late")


async def test_a_reranker_that_is_not_set_up_is_an_error_and_not_a_worse_answer() -> None:
    recording = await run(Library(error=Misconfigured("HF104", "no key", "set one")), reranker="r")
    assert recording.failure is not None
    assert recording.failure.code == "HF104"


async def test_a_replay_with_another_reranker_remembers_what_was_found() -> None:
    recording = await run(Library(), reranker="one")
    library = Library()
    again = await run(library, tape=Tape.of(recording), reranker="two")
    assert not library.asked(Retrieve)
    assert [effect.reranker for effect in library.asked(Rerank)] == ["two"]
    assert texts(again) == texts(recording)


async def test_a_replay_without_a_change_remembers_the_scores_too() -> None:
    recording = await run(Library(), reranker="one")
    library = Library()
    assert texts(await run(library, tape=Tape.of(recording), reranker="one")) == texts(recording)
    assert not library.done


@pytest.mark.parametrize(("least", "found"), [(0.0, 5), (0.5, 5), (0.51, 0)])
async def test_below_the_confidence_asked_for_nothing_was_found(least: float, found: int) -> None:
    recording = await run(Library(confidence=0.5), min_confidence=least)
    assert len(texts(recording)) == found
    assert recording.output["confidence"] == 0.5


async def test_what_is_asked_of_confidence_can_be_changed_in_a_replay_without_searching_again() -> None:
    recording = await run(Library(confidence=0.5), min_confidence=0.9)
    library = Library()
    assert len(texts(await run(library, tape=Tape.of(recording), min_confidence=0.1))) == 5
    assert not library.done


async def test_where_confidence_is_not_known_nothing_is_withheld() -> None:
    assert len(texts(await run(Library(confidence=None), min_confidence=0.9))) == 5


async def test_a_filter_of_the_call_is_added_to_that_of_the_release() -> None:
    library = Library()
    await run(library, where={"product": ["a", "b"]})
    assert library.asked(Retrieve)[0].search.where == {"product": ("a", "b")}
    release = Release(slots={"kb": CorpusSlot(where={"locale": "en", "product": "z"})})
    other = Library()
    await execute(declare(search), {"text": "q", "where": {"product": "a"}}, release=release, world=other.world())
    assert other.asked(Retrieve)[0].search.where == {"locale": ("en",), "product": ("a",)}


async def test_another_filter_is_another_search() -> None:
    recording = await run(Library(), where={"product": "a"})
    library = Library()
    await run(
        library,
        tape=Tape.of(replace(recording, input={"text": "q", "where": {"product": "b"}})),
        where={"product": "b"},
    )
    assert len(library.asked(Retrieve)) == 1
