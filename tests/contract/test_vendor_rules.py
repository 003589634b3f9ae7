"""Rules of the scriptable vendor: it answers by what it is asked, continues exactly, and fails with known odds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import anthropic
import httpx
import msgspec
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages import Message
from holdfast.records import Usage
from holdfast.testing import Act, Asked, Vendor, rules
from holdfast.testing.faults import FAULTS, When, parse, under
from holdfast.testing.grounded import answer_to, conforming, grounded

TEXT = "One two thrée four 🦊 five six seven."


def asked(*turns: tuple[str, str], number: int = 0, key: str = "") -> Asked:
    messages = tuple(Message(role=role, text=text) for role, text in turns)
    return Asked(dialect="openai", path="/v1/chat/completions", messages=messages, number=number, key=key)


async def said(vendor: Vendor, *messages: dict[str, str]) -> str:
    async with openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url, max_retries=0) as client:
        whole = await client.chat.completions.create(model="m", messages=list(messages))
    return whole.choices[0].message.content


async def test_a_script_answers_by_what_stands_in_the_conversation() -> None:
    async with Vendor(
        rules.answers({"refund": "Five days.", "invoice": Act(text="Attached.")}, "Who knows.")
    ) as vendor:
        assert await said(vendor, {"role": "user", "content": "When is my refund?"}) == "Five days."
        assert await said(vendor, {"role": "user", "content": "My invoice?"}) == "Attached."
        assert await said(vendor, {"role": "user", "content": "Hello"}) == "Who knows."


@given(st.integers(0, len(TEXT)))
def test_a_begun_answer_is_continued_without_a_character_lost_or_doubled(cut: int) -> None:
    begun = TEXT[:cut]
    exact = rules.deterministic(TEXT)
    assert begun + exact(asked(("user", "Count."), ("assistant", begun))).text == TEXT
    go_on = (("user", "Count."), ("assistant", begun), ("user", f'Go on after: "{begun[-10:]}"'))
    assert begun + exact(asked(*go_on)).text == TEXT
    assert rules.deterministic(TEXT, "restart")(asked(*go_on)).text == TEXT
    anchored = rules.deterministic(TEXT, "anchor")(asked(*go_on)).text
    assert anchored.endswith(TEXT[cut:])
    assert TEXT.endswith(anchored)
    if cut >= 10:
        assert anchored == begun[-10:] + TEXT[cut:]


def test_a_prefill_whose_last_space_was_cut_off_is_continued_with_it() -> None:
    assert rules.deterministic(TEXT)(asked(("user", "?"), ("assistant", "One two"))).text == TEXT[len("One two") :]


def test_words_that_are_not_its_own_are_not_continued() -> None:
    assert rules.deterministic(TEXT)(asked(("user", "?"), ("assistant", "Eins"), ("user", "And?"))).text == TEXT


async def test_a_prefill_is_refused_in_the_vendors_words_where_told_so() -> None:
    rule = rules.without_prefill(rules.deterministic(TEXT))
    async with Vendor(rule) as vendor, anthropic.AsyncAnthropic(api_key="k", base_url=vendor.url) as client:
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "One"}]
        with pytest.raises(anthropic.BadRequestError, match="does not support assistant message prefill"):
            await client.messages.create(model="m", max_tokens=9, messages=turns)
        whole = await client.messages.create(model="m", max_tokens=9, messages=turns[:1])
    assert whole.content[0].text == TEXT


def test_keys_models_and_turns_are_treated_each_in_its_own_way() -> None:
    rule = rules.by_key({"poor": Act(error="quota")}, otherwise=rules.in_turn(Act(text="a"), Act(text="b")))
    assert rule(asked(key="poor")).error == "quota"
    assert [rule(asked(number=number)).text for number in range(3)] == ["a", "b", "b"]


def test_seeded_faults_come_with_their_odds_and_the_same_every_time() -> None:
    def drawn(seed: int) -> list[Act]:
        rule = rules.sometimes(rules.deterministic(TEXT), {"cut": 0.2, "server_error": 0.1}, seed)
        return [rule(asked(number=number)) for number in range(2_000)]

    acts = drawn(1)
    assert acts == drawn(1) != drawn(2)
    assert 340 < sum(act.cut_after is not None for act in acts) < 460
    assert 150 < sum(act.error == "server_error" for act in acts) < 250
    assert {act.cut_after for act in acts if act.cut_after is not None} == set(range(len(Act(text=TEXT).said) + 1))


def test_latencies_have_the_shape_they_were_asked_for() -> None:
    slow = [rules.bimodal(10, 100, 0.03)(number) for number in range(5_000)]
    assert 100 < slow.count(100) < 200
    around = sorted(rules.spread(50, 0.5)(number) for number in range(2_000))
    assert 45 < around[1_000] < 55
    assert 120 < around[1_980] < 200
    assert rules.late(rules.echo, rules.bimodal(7, 7, 0.5))(asked(("user", "Hi"))).before_text_ms == 7


async def test_what_was_generated_until_a_cut_is_billed() -> None:
    usage = Usage(input_tokens=40, output_tokens=10)
    act = Act(pieces=tuple("abcdefghij"), usage=usage, cut_after=4)
    async with Vendor([act, Act(usage=usage), Act(error="rate_limited")]) as vendor:
        for fails in (True, False, True):
            async with openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url, max_retries=0) as client:
                stream = client.chat.completions.create(model="m", messages=[], stream=True)
                if fails:
                    with pytest.raises((openai.APIError, httpx.TransportError)):
                        [chunk async for chunk in await stream]
                else:
                    assert [chunk async for chunk in await stream]
        billed = [one.billed.output_tokens for one in vendor.requests]
        assert billed == [4, 10, 0]
        assert vendor.billed == Usage(input_tokens=80, output_tokens=14)


@pytest.mark.parametrize(
    ("text", "often", "at"),
    [
        ("cut", "always", 2),
        ("cut@start", "always", 0),
        ("cut@3", "always", 3),
        ("cut@99", "always", 4),
        ("cut@25%@once", "once", 1),
        ("server_error_once", "once", 2),
        ("server_error_once@always", "always", 2),
    ],
)
def test_when_a_fault_comes_is_read_from_its_name(text, often, at) -> None:
    fault, when = parse(text)
    assert fault.name == text.partition("@")[0]
    assert (when.often, when.at(Act(text="a b c d"))) == (often, at)


def test_once_is_the_first_request_alone() -> None:
    rule = under(rules.echo, FAULTS["server_error"], When("once"))
    assert [rule(asked(("user", "x"), number=number)).error for number in range(2)] == ["server_error", None]


def test_a_fault_that_does_not_fit_a_request_leaves_it_alone() -> None:
    assert under(rules.echo, FAULTS["bad_tool_arguments"])(asked(("user", "x"))) == rules.echo(asked(("user", "x")))


def test_every_fault_says_what_it_is_and_changes_an_answer_or_its_address() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.says
        assert fault.place != "vendor" or fault.dialects


def test_an_answer_from_the_prompt_cites_the_sentence_that_fits() -> None:
    sources = "Answer.\n[1] Lamps\nLamps are sold in boxes.\n[2] Refunds\nThe refund arrives within five days. Bye."
    request = asked(("system", sources), ("user", "When does the refund arrive?"))
    assert answer_to(request) == "The refund arrives within five days. [2]"
    begun = grounded(request).text[:12]
    rest = grounded(asked(("system", sources), ("user", "When does the refund arrive?"), ("assistant", begun))).text
    assert begun + rest == answer_to(request)


class Part(msgspec.Struct):
    n: int
    word: Literal["a", "b"]


class Made(msgspec.Struct):
    text: Annotated[str, msgspec.Meta(max_length=20)]
    parts: Annotated[list[Part], msgspec.Meta(min_length=2)]
    extra: float | None
    flag: bool
    left_out: str = ""


def test_an_answer_to_a_schema_is_one_that_it_allows() -> None:
    schema = msgspec.json.schema(Made)
    made = conforming(schema, schema, "A sentence that is longer than that.")
    assert msgspec.convert(made, Made).text == "A sentence that is l"


async def test_a_reader_that_stops_reading_holds_the_vendor_up() -> None:
    piece = "x" * 50_000
    async with Vendor([Act(pieces=(piece,) * 400)]) as vendor:
        reader, writer = await asyncio.open_connection(*vendor.url.removeprefix("http://").split(":"), limit=1_000)
        body = b'{"model": "m", "messages": [], "stream": true}'
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await reader.readexactly(1)
        await vendor.received(1)
        (seen,) = vendor.requests
        pieces = -1
        while pieces != seen.sent_pieces:  # until it sends no more
            pieces = seen.sent_pieces
            for _ in range(50):
                await asyncio.sleep(0)
        assert 0 < pieces < 400
        writer.close()
        await asyncio.wait_for(seen.hung_up.wait(), 5)
        assert seen.billed.output_tokens < 5


@pytest.fixture
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    command = ("-m", "holdfast.testing.vendor_process", "--text", TEXT, "--fault", "server_error@once")
    started = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    yield started
    if started.returncode is None:
        started.kill()
        await started.wait()


async def test_as_a_process_it_says_where_it_is_and_in_the_end_what_it_saw(process) -> None:
    base_url = (await process.stdout.readline()).decode().strip()
    async with openai.AsyncOpenAI(api_key="k", base_url=base_url, max_retries=0) as client:
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="m", messages=[])
        whole = await client.chat.completions.create(model="m", messages=[])
    assert whole.choices[0].message.content == TEXT
    process.terminate()
    seen = msgspec.json.decode(await process.stdout.read())
    assert await process.wait() == 0
    assert seen["calls"] == 2
    assert seen["billed"]["input_tokens"] == 12
