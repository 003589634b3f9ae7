"""Meaning: cosines of an encoder's vectors, remembered within bounds, and the extractive rung that goes by them."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from holdfast.config import load_config
from holdfast.contracts import deaf
from holdfast.gateway import Gateway
from holdfast.gateway.meaning import Meaning
from holdfast.gateway.opening import open_gateway
from holdfast.records import Generate, Generated, Message, Passage
from holdfast.release import ModelSlot
from holdfast.support import NOT_FOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOPICS = (("lost", "vanished", "replacement"), ("invoice", "bill"), ("tank", "water"))


class TopicEmbedder:
    """One dimension for each topic, and many for texts of none, which are far from each other."""

    name, dimensions, max_tokens = "topics", len(TOPICS) + 97, 256

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.threads: set[int] = set()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        self.threads.add(threading.get_ident())
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[: len(TOPICS)] = [sum(word in text.lower() for word in topic) for topic in TOPICS]
            if not row.any():
                row[len(TOPICS) + zlib.crc32(text.encode()) % 97] = 1.0
            row /= np.linalg.norm(row)
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


SOURCES = (
    Passage(document="d1", chunk="c1", title="Parcels", text="We send a replacement. Parcels are grey.", score=0.9),
    Passage(document="d2", chunk="c2", title="Costs", headings=("Bills",), text="It comes by mail.", score=0.4),
)


def asked(question: str) -> Generate:
    message = Message(role="user", text=question)
    return Generate(slot="answer", models=("extractive",), messages=(message,), sources=SOURCES, question=question)


async def answered(gateway: Gateway, question: str) -> Generated:
    done = await gateway.generate(asked(question), ModelSlot(models=("extractive",)), deaf)
    assert isinstance(done.result, Generated)
    return done.result


async def test_with_an_encoder_the_rung_answers_what_is_worded_differently() -> None:
    question = "It vanished on the way to me"
    assert (await answered(Gateway({}), question)).text == NOT_FOUND
    result = await answered(Gateway({}, embedder=TopicEmbedder()), question)
    assert result.text.startswith("We send a replacement.")
    assert [citation.document for citation in result.citations] == ["d1"]
    unknown = await answered(Gateway({}, embedder=TopicEmbedder()), "Which kosher authority?")
    assert (unknown.text, unknown.citations) == (NOT_FOUND, ())


async def test_the_headings_of_a_passage_are_part_of_what_its_sentences_mean() -> None:
    embedder = TopicEmbedder()
    await answered(Gateway({}, embedder=embedder), "Where is my invoice?")
    assert "Costs > Bills: It comes by mail." in embedder.seen


async def test_the_encoder_works_off_the_loop() -> None:
    embedder = TopicEmbedder()
    await answered(Gateway({}, embedder=embedder), "Where is my invoice?")
    assert embedder.threads
    assert threading.get_ident() not in embedder.threads


async def test_a_second_request_embeds_only_its_question_and_answers_the_same() -> None:
    embedder = TopicEmbedder()
    gateway = Gateway({}, embedder=embedder)
    first = await answered(gateway, "Where is my invoice?")
    embedder.seen.clear()
    second, third = await asyncio.gather(*(answered(gateway, "Where is my invoice?") for _ in range(2)))
    assert first == second == third
    assert set(embedder.seen) == {"Where is my invoice?"}


def test_nearness_is_the_cosine_to_the_nearest_part() -> None:
    meaning = Meaning(TopicEmbedder())
    near = meaning.similar(["my bill", "water"], ["An invoice.", "The tank.", "Lost.", "An invoice for water."])
    assert near == pytest.approx([1.0, 1.0, 0.0, 0.7071], abs=1e-4)
    assert meaning.similar([], ["a"]) == [0.0]
    assert meaning.similar(["a"], []) == []


def test_what_is_remembered_is_bounded_and_never_changes_the_answer() -> None:
    embedder = TopicEmbedder()
    meaning = Meaning(embedder, most=3)
    texts = [f"bill {n}" for n in range(8)]
    assert meaning.similar(["invoice"], texts) == [1.0] * 8  # more at once than it keeps
    assert len(meaning) == 3
    embedder.seen.clear()
    assert meaning.similar(["invoice"], texts[5:]) == [1.0] * 3
    assert embedder.seen == ["invoice"]
    meaning.similar(["invoice"], [texts[5], "tank"])  # the least recently used goes first
    embedder.seen.clear()
    meaning.similar(["invoice"], [texts[5]])
    assert embedder.seen == ["invoice"]
    meaning.similar(["invoice"], [texts[6]])
    assert embedder.seen[-1] == texts[6]


def test_threads_may_share_it() -> None:
    meaning = Meaning(TopicEmbedder(), most=5)
    texts = [f"{word} {n}" for n in range(6) for word in ("bill", "tank")]
    expected = Meaning(TopicEmbedder()).similar(["invoice"], texts)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: meaning.similar(["invoice"], texts), range(40)))
    assert all(one == expected for one in found)
    assert len(meaning) == 5


async def test_the_encoder_of_a_project_reaches_the_rung(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text("")
    embedder = TopicEmbedder()
    await answered(open_gateway(load_config(tmp_path, {}), {}, embedder), "Where is my invoice?")
    assert embedder.seen
