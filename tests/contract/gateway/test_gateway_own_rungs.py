"""The rungs that are no vendor: objects handed in, and the extractive one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.contract.gateway.ladders import slot

from holdfast.contracts import Answer, Delta, Event, Reset
from holdfast.errors import EffectFailed, Misconfigured
from holdfast.gateway import Gateway, Pace, Price, Prices
from holdfast.records import Generate, Generated, Message, Passage, Usage
from holdfast.testing import FakeModel

ASKED = (Message(role="user", text="How do I reset my password?"),)
SOURCES = (
    Passage(
        document="billing",
        chunk="b1",
        title="Billing",
        text="Invoices are sent on the first of the month. Refunds take five days.",
        score=0.1,
    ),
    Passage(
        document="passwords",
        chunk="p1",
        title="Reset your password",
        url="https://help.example.com/passwords",
        text="To reset your password, open Settings and choose Reset password. A link is sent to your mail address.",
        score=0.9,
    ),
)


def asked(*models: str, **changes: object) -> Generate:
    question = "How do I reset my password?"
    content = {"slot": "answer", "models": models, "messages": ASKED, "sources": SOURCES, "question": question}
    return Generate(**{**content, **changes})


class Silent:
    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


class Stalling:
    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        hear("Half an ")
        await asyncio.Event().wait()
        raise AssertionError


class Whole:
    """Does not stream."""

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        return Answer(text="All at once.", model=model, usage=Usage(input_tokens=1, output_tokens=1))


async def test_an_object_is_asked_by_its_providers_name_and_heard_in_pieces() -> None:
    fake = FakeModel("Twelve letters and more.", piece=12)
    heard: list[Event] = []
    effect = asked("openai:gpt-5")
    done = await Gateway({}, models={"openai": fake}).generate(effect, slot(), heard.append)
    assert done.result == Generated(text="Twelve letters and more.", model="openai:gpt-5", rung=0)
    assert heard == [Delta("Twelve lette"), Delta("rs and more.")]
    assert fake.requests == [effect]


async def test_an_object_that_does_not_stream_is_heard_when_it_is_done() -> None:
    heard: list[Event] = []
    price = Price(input_usd_per_mtok=1e6, output_usd_per_mtok=1e6)
    gateway = Gateway({}, models={"own": Whole()}, prices=Prices({"own:m": price}))
    done = await gateway.generate(asked("own:m"), slot(), heard.append)
    assert heard == [Delta("All at once.")]
    assert done.attempts[0].cost_usd == 2


@pytest.mark.parametrize(
    ("model", "kind", "resets"),
    [
        (Silent(), "silent", 0),
        (Stalling(), "stalled", 1),
        (FakeModel(EffectFailed("HF305", "no line", "plug it in")), "model_failed", 0),
        (FakeModel(ConnectionResetError("gone")), "model_failed", 0),
        (FakeModel(TimeoutError("its own")), "model_failed", 0),
        (FakeModel("  "), "blank", 2),
    ],
)
async def test_an_object_that_fails_leads_to_the_next_rung(model: object, kind: str, resets: int) -> None:
    heard: list[Event] = []
    gateway = Gateway({}, models={"bad": model, "good": FakeModel("Fine.")}, pace=Pace(backoff_ms=1))
    done = await gateway.generate(asked("bad:m", "good:m"), slot(first_token_ms=200, idle_ms=200), heard.append)
    assert isinstance(done.result, Generated)
    assert (done.result.text, done.result.rung) == ("Fine.", 1)
    assert str(done.attempts[0].error).startswith(kind)
    assert sum(isinstance(event, Reset) for event in heard) == resets


async def test_a_bug_in_an_object_is_not_taken_for_a_fault() -> None:
    gateway = Gateway({}, models={"bad": FakeModel(KeyError("a bug")), "good": FakeModel()})
    with pytest.raises(KeyError):
        await gateway.generate(asked("bad:m", "good:m"), slot(), [].append)


# ---------------------------------------------------------------- extractive


async def test_without_a_key_the_extractive_rung_answers_and_the_attempts_say_why() -> None:
    heard: list[Event] = []
    done = await Gateway({}).generate(asked("openai:gpt-5-mini", "extractive"), slot(), heard.append)
    result = done.result
    assert isinstance(result, Generated)
    assert result.text.startswith("To reset your password, open Settings and choose Reset password.")
    assert "[1]" in result.text
    assert (result.model, result.rung) == ("extractive", 1)
    assert heard == [Delta(result.text)]
    first, last = done.attempts
    assert str(first.error).startswith("no_key")
    assert (last.error, last.cost_usd, last.usage) == (None, 0.0, Usage())


async def test_markers_are_numbered_by_first_appearance_and_quotes_are_verbatim() -> None:
    done = await Gateway({}).generate(asked("extractive"), slot(), [].append)
    result = done.result
    assert isinstance(result, Generated)
    cited = [source for source in SOURCES if source.document in {c.document for c in result.citations}]
    for number, citation in enumerate(result.citations, 1):
        source = next(source for source in cited if source.chunk == citation.chunk)
        assert f"[{number}]" in result.text
        assert citation.quote
        assert citation.quote in source.text
        assert (citation.title, citation.url) == (source.title, source.url)
    assert f"[{len(result.citations) + 1}]" not in result.text
    assert result.text.index("[1]") == min(result.text.index(f"[{n}]") for n in range(1, len(result.citations) + 1))


async def test_the_same_question_gives_the_same_answer() -> None:
    first, second = [await Gateway({}).generate(asked("extractive"), slot(), [].append) for _ in range(2)]
    assert first.result == second.result


async def test_passages_that_do_not_answer_are_not_quoted() -> None:
    from holdfast.support import NOT_FOUND

    effect = asked("extractive", question="Which whales live in the Baltic?")
    done = await Gateway({}).generate(effect, slot(), [].append)
    assert done.result == Generated(text=NOT_FOUND, model="extractive", rung=0)


@pytest.mark.parametrize("changes", [{"answers": False}, {"sources": ()}])
async def test_the_extractive_rung_passes_itself_over_where_it_cannot_answer(changes: dict[str, object]) -> None:
    gateway = Gateway({}, models={"fake": FakeModel("Fine.")})
    done = await gateway.generate(asked("extractive", "fake:m", **changes), slot(), [].append)
    assert isinstance(done.result, Generated)
    assert done.result.rung == 1
    assert str(done.attempts[0].error).startswith("passed_over")
    with pytest.raises(EffectFailed) as failed:
        await gateway.generate(asked("extractive", **changes), slot(), [].append)
    assert failed.value.code == "HF301"


async def test_the_extractive_rung_answers_after_the_deadline_too() -> None:
    gateway = Gateway({}, models={"silent": Silent()})
    done = await gateway.generate(asked("silent:m", "silent:n", "extractive"), slot(deadline_ms=200), [].append)
    assert isinstance(done.result, Generated)
    assert done.result.model == "extractive"
    assert [str(attempt.error).partition(":")[0] for attempt in done.attempts] == ["deadline", "deadline", "None"]


# ---------------------------------------------------------------- nothing is set up


@pytest.mark.parametrize(
    ("models", "code", "fix"),
    [
        (("openai:gpt-5-mini",), "HF104", "OPENAI_API_KEY"),
        (("openai:a", "anthropic:b"), "HF104", "OPENAI_API_KEY"),
        (("nobody:m",), "HF100", "[providers.nobody]"),
        ((), "HF100", "[slots.answer]"),
    ],
)
async def test_a_ladder_of_which_nothing_is_set_up_says_what_to_set(
    models: tuple[str, ...], code: str, fix: str
) -> None:
    with pytest.raises(Misconfigured) as failed:
        await Gateway({}).generate(asked(*models), slot(), [].append)
    assert failed.value.code == code
    assert fix in failed.value.fix
