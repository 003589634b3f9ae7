"""Recordings for tests of stores: one like a real one, numbered ones, and any at all.

Knows nothing of any store.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.identity import content_of, key_of, new_id
from holdfast.records import (
    Attempt,
    Blocked,
    Call,
    Called,
    Cancelled,
    Chance,
    Check,
    Checked,
    Citation,
    Clock,
    Degraded,
    Drawn,
    Effect,
    Embed,
    Embedded,
    Failed,
    Failure,
    Generate,
    Generated,
    Message,
    Passage,
    Recording,
    Rerank,
    Reranked,
    Result,
    Retrieve,
    Retrieved,
    Sampling,
    Search,
    Step,
    Told,
    Tool,
    ToolCall,
    Usage,
    Verdict,
)

SECRET = 'sk-"quoted\\key'
NOW = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
_VOCABULARY = (
    "the parcel a refund card to cancel your order open settings choose billing invoice within days address change"
    " before shipping account password reset link email expires after hours contact support number track delivery"
)


def prose(seed: object, words: int) -> str:
    """A text of so many words, the same for the same seed."""
    return " ".join(random.Random(str(seed)).choices(_VOCABULARY.split(), k=words))


def passage(number: int) -> Passage:
    """The passage of that number, 130 words long."""
    return Passage(
        document=f"doc-{number // 3}",
        chunk=f"doc-{number // 3}#{number % 3}",
        title=prose(f"title {number}", 5),
        text=prose(number, 130),
        url=f"https://help.example.com/articles/{number}",
        score=1 / (number + 1),
    )


def step(effect: Effect, result: Result, **fields: Any) -> Step:
    """A step, with what does not matter filled in."""
    return Step(
        **{"key": key_of(content_of(effect), 0), "ms": 1.5, "started_at": NOW, **fields}, effect=effect, result=result
    )


def recording(question: str = "Where is my parcel?", passages: tuple[int, ...] = (1, 2, 3), **fields: Any) -> Recording:
    """An answered question with three steps, the passages' texts in each of them; `fields` replace what they name."""
    found = tuple(passage(number) for number in passages)
    answer = "It is on its way. " + prose(question, 40)
    user = question + "\n\n" + "\n\n".join(each.text for each in found)
    system = "Answer from the sources only. " + prose("system", 80)
    generate = Generate(
        slot="answer",
        models=("openai:gpt-5-mini", "extractive"),
        messages=(Message(role="system", text=system), Message(role="user", text=user)),
        sources=found,
        question=question,
    )
    attempt = Attempt(
        provider="openai", model="gpt-5-mini", rung=0, ms=812.5, usage=Usage(input_tokens=900), cost_usd=0.0004
    )
    made = Recording(
        id=new_id("rec"),
        feature="answer_ticket",
        release="r_0123456789ab",
        input={"body": question},
        output={"text": answer, "citations": []},
        outcome="ok",
        steps=(
            step(Retrieve(corpus="help_center@v12", query=question), Retrieved(passages=found)),
            step(generate, Generated(text=answer, model="openai:gpt-5-mini", rung=0), attempts=(attempt,)),
            step(
                Check(guard="grounded", family="grounded", text=answer, sources=tuple(each.text for each in found)),
                Checked(verdict=Verdict(guard="grounded", passed=True, score=0.97)),
            ),
        ),
        cost_usd=0.0004,
        ms=933.25,
        started_at=NOW,
        subject="anna",
        code_hash="c0de",
    )
    return replace(made, **fields)


def numbered(number: int) -> Recording:
    """The recording of that number; every eighth has an input of 300 kB. The same in every process."""
    body = prose(f"large {number}", 50_000) if number % 8 == 0 else prose(f"question {number}", 12)
    return recording(
        body,
        passages=(number % 7, 7 + number % 5),
        id=f"rec_{number:08d}",
        started_at=NOW + timedelta(seconds=number),
    )


# ---------------------------------------------------------------- any recording at all

_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
_long = st.tuples(_texts, st.integers(1, 60)).map(lambda both: (both[0] or 'a"\\\n') * both[1] * 4)
_any_text = st.one_of(_texts, _texts, _long)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | _floats | _any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)
_object = st.dictionaries(_texts, _json, max_size=3)
_counts = st.integers(0, 10**9)
_times = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001  # the strategy adds a zone; UTC has this day in each of them
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


def _tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def _maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


_passages = st.builds(
    Passage,
    document=_texts,
    chunk=_texts,
    title=_texts,
    text=_any_text,
    headings=_tuples(_texts),
    url=_maybe(_texts),
    score=_floats,
)
_tool_calls = st.builds(ToolCall, id=_texts, name=_texts, arguments=_object)
_messages = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    text=_any_text,
    tool_calls=_tuples(_tool_calls),
    tool_call_id=_maybe(_texts),
)
_verdicts = st.builds(
    Verdict,
    guard=_texts,
    passed=st.booleans(),
    score=_maybe(_floats),
    reason=_maybe(_texts),
    redacted=_maybe(_any_text),
)
_effects = st.one_of(
    st.builds(
        Retrieve,
        corpus=_texts,
        query=_any_text,
        search=st.builds(Search, k=_counts, weight=_maybe(_floats)),
        principals=_tuples(_texts),
    ),
    st.builds(
        Generate,
        slot=_texts,
        models=_tuples(_texts),
        messages=_tuples(_messages),
        sampling=st.builds(Sampling, temperature=_maybe(_floats), stop=_tuples(_texts)),
        schema=_maybe(_object),
        tools=_tuples(st.builds(Tool, name=_texts, description=_any_text, parameters=_object)),
        sources=_tuples(_passages),
        question=_any_text,
    ),
    st.builds(Embed, encoder=_texts, texts=_tuples(_any_text)),
    st.builds(Rerank, reranker=_texts, query=_texts, texts=_tuples(_any_text)),
    st.builds(Check, guard=_texts, family=_texts, text=_any_text, sources=_tuples(_any_text), settings=_object),
    st.builds(Call, name=_texts, arguments=_object, safe=st.booleans()),
    st.just(Clock()),
    st.just(Chance()),
)
_results = st.one_of(
    st.builds(Retrieved, passages=_tuples(_passages)),
    st.builds(
        Generated,
        text=_any_text,
        model=_texts,
        rung=_counts,
        tool_calls=_tuples(_tool_calls),
        citations=_tuples(st.builds(Citation, document=_texts, chunk=_texts, title=_texts, quote=_texts)),
    ),
    st.builds(Embedded, vectors=_tuples(_tuples(_floats))),
    st.builds(Reranked, scores=_tuples(_floats)),
    st.builds(Checked, verdict=_verdicts),
    st.builds(Called, value=_json),
    st.builds(Told, at=_times),
    st.builds(Drawn, seed=st.integers(0, 2**63 - 1)),
    st.builds(Failed, code=_texts, message=_any_text, fix=_texts),
    st.just(Cancelled()),
)
_attempts = st.builds(
    Attempt,
    provider=_texts,
    model=_texts,
    rung=_counts,
    ms=_floats,
    first_token_ms=_maybe(_floats),
    usage=_maybe(st.builds(Usage, input_tokens=_counts, output_tokens=_counts, estimated=st.booleans())),
    cost_usd=_maybe(_floats),
    error=_maybe(_texts),
)
_steps = st.builds(
    Step,
    key=_texts,
    effect=_effects,
    result=_results,
    attempts=_tuples(_attempts),
    ms=_floats,
    started_at=_times,
    replayed=st.booleans(),
    turn=_counts,
)
recordings = st.builds(
    Recording,
    id=st.builds(new_id, st.just("rec")),
    feature=_texts,
    release=_texts,
    input=_json,
    output=_json,
    outcome=st.sampled_from(["ok", "degraded", "blocked", "failed", "cancelled"]),
    degraded=_maybe(st.builds(Degraded, slot=_texts, rung=_counts, model=_texts, reason=_texts)),
    blocked=_maybe(st.builds(Blocked, guard=_texts, reason=_any_text)),
    failure=_maybe(st.builds(Failure, code=_texts, message=_any_text, fix=_texts)),
    steps=_tuples(_steps),
    cost_usd=_maybe(_floats),
    ms=_floats,
    started_at=_times,
    subject=_maybe(_texts),
    tenant=_texts,
    code_hash=_texts,
    replay_of=_maybe(_texts),
    evaluation=_maybe(_texts),
)
"""Any recording: every kind of effect and result, odd text, deep values, large numbers."""
