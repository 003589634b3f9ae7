"""What a gateway remembers of its routes: it leaves the ill alone, waits where waiting helps, and comes back."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import pytest
from tests.contract.gateway.ladders import ASKED, CALL, Clock, Ladder, between, kinds

from holdfast.errors import EffectFailed
from holdfast.gateway.capability import Facts
from holdfast.gateway.health import GONE_S, REVOKED_S
from holdfast.messages import Media, Sampling
from holdfast.records import Generate, Message
from holdfast.testing import Act
from holdfast.testing.rules import always, by_key, in_turn

WELL = Act(text="All is well.")
SPARE = always(Act(text="The spare answers."))


def timed(climb: Ladder) -> Clock:
    clock = Clock()
    climb.gateway.keep_time(clock)
    return clock


def state(climb: Ladder, provider: str = "main", key: int | None = None) -> str:
    routes = climb.gateway.health().routes
    return next(route.state for route in routes if route.provider == provider and route.key == key)


async def test_a_route_that_keeps_failing_is_left_alone_and_comes_back() -> None:
    async with between(in_turn(*[Act(status=500)] * 5, WELL), SPARE) as climb:
        clock = timed(climb)
        for _ in range(5):
            assert kinds((await climb.ask(retries=0)).attempts) == ["server_error", None]
        assert state(climb) == "open"
        done = await climb.ask(retries=0)
        assert kinds(done.attempts) == ["resting", None]
        assert done.attempts[0].usage is None
        assert climb.main.calls == 5
        clock.now_s += 5
        assert kinds((await climb.ask(retries=0)).attempts) == [None]
        assert state(climb) == "closed"


async def test_a_route_that_comes_back_ill_rests_longer() -> None:
    async with between([Act(status=503)], SPARE) as climb:
        clock = timed(climb)
        for _ in range(5):
            await climb.ask(retries=0)
        for wait_s in (5, 10, 20, 20):
            clock.now_s += wait_s - 0.01
            assert kinds((await climb.ask(retries=0)).attempts) == ["resting", None]
            clock.now_s += 0.01
            assert kinds((await climb.ask(retries=0)).attempts) == ["server_error", None]
        assert climb.main.calls == 9


async def test_one_call_at_a_time_tries_a_route_that_was_ill() -> None:
    rule = in_turn(*[Act(status=500)] * 5, Act(text="All is well.", before_headers_ms=150))
    async with between(rule, SPARE) as climb:
        clock = timed(climb)
        for _ in range(5):
            await climb.ask(retries=0)
        clock.now_s += 5
        many = await asyncio.gather(*(climb.ask(retries=0) for _ in range(6)))
        assert climb.main.calls == 6
        assert sorted(kinds(done.attempts)[0] or "" for done in many) == ["", *["resting"] * 5]


async def test_a_ladder_that_rests_waits_for_the_first_to_wake() -> None:
    async with between(in_turn(Act(status=429, headers={"retry-after-ms": "300"}), WELL), SPARE) as climb:
        with pytest.raises(EffectFailed) as failed:
            await climb.ask("main:m")
        assert failed.value.retry_after_s == 1
        started = time.monotonic()
        done = await climb.ask("main:m")
        assert 0.1 < time.monotonic() - started < 2
        assert kinds(done.attempts) == ["resting", None]


async def test_a_ladder_that_rests_past_the_deadline_says_when_to_come_back() -> None:
    async with between([Act(status=429, headers={"retry-after": "90"})], SPARE) as climb:
        for kind, code in (("rate_limited", "HF311"), ("resting", "HF301")):
            with pytest.raises(EffectFailed) as failed:
                await climb.ask("main:m")
            error = failed.value
            assert (error.code, kinds(error.attempts)) == (code, [kind])
            assert 88 <= (error.retry_after_s or 0) <= 90
        assert error.origin == "gateway"
        assert climb.main.calls == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"retry-after": "90"}, None),
        ({"retry-after-ms": "90000"}, None),
        ({"retry-after": "a date"}, None),
        ({}, b'{"error": {"code": 429, "message": "slow", "details": [{"retryDelay": "90s"}]}}'),
    ],
    ids=["seconds", "milliseconds", "date", "retry info"],
)
async def test_a_key_is_parked_for_as_long_as_the_vendor_says_in_every_form(headers, body) -> None:
    if headers.get("retry-after") == "a date":
        headers = {"retry-after": formatdate(time.time() + 90, usegmt=True)}
    async with between([Act(status=429, headers=headers, body=body)], SPARE) as climb:
        clock = timed(climb)
        await climb.ask()
        assert state(climb) == "parked"
        clock.now_s += 60
        assert kinds((await climb.ask()).attempts) == ["resting", None]
        clock.now_s += 31
        assert kinds((await climb.ask()).attempts) == ["rate_limited", None]


async def test_a_key_is_parked_for_an_hour_at_most_whatever_the_vendor_says() -> None:
    async with between([Act(status=429, headers={"retry-after": "31536000"})], SPARE) as climb:
        clock = timed(climb)
        await climb.ask()
        clock.now_s += 3_601
        assert kinds((await climb.ask()).attempts) == ["rate_limited", None]


async def test_a_parked_key_leaves_its_turn_to_the_others() -> None:
    rule = by_key({"key-one-of-two": Act(status=429, headers={"retry-after": "90"})}, WELL)
    async with between(rule, SPARE, keys=("key-one-of-two", "key-two-of-two")) as climb:
        for _ in range(6):
            done = await climb.ask()
            assert done.attempts[-1].provider == "main"
            assert done.attempts[-1].detail.key == 1
        assert [received.asked.key for received in climb.main.requests].count("key-one-of-two") == 1


@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [(Act(status=401), "unauthorized", "revoked"), (Act(status=402), "quota", "exhausted")],
)
async def test_a_key_that_is_refused_rests_and_is_tried_again_by_one_call(act, kind, said) -> None:
    async with between(in_turn(act, act, WELL), SPARE) as climb:
        clock = timed(climb)
        assert kinds((await climb.ask()).attempts) == [kind, None]
        assert state(climb) == said
        clock.now_s += REVOKED_S - 1
        assert kinds((await climb.ask()).attempts) == ["resting", None]
        clock.now_s += 1
        assert kinds((await climb.ask()).attempts) == [kind, None]
        clock.now_s += 2 * REVOKED_S
        assert kinds((await climb.ask()).attempts) == [None]
        assert state(climb) == "closed"


async def test_a_ladder_of_dead_keys_is_our_own_fault_and_no_reason_to_wait() -> None:
    async with between([Act(status=401)], [Act(status=402)]) as climb:
        for expected in (["unauthorized", "quota"], ["resting", "resting"]):
            with pytest.raises(EffectFailed) as failed:
                await climb.ask()
            assert kinds(failed.value.attempts) == expected
            assert failed.value.origin == "gateway"
            assert failed.value.retry_after_s is None


async def test_a_model_that_is_gone_is_not_asked_for_a_while() -> None:
    async with between(in_turn(Act(status=404), WELL), SPARE) as climb:
        clock = timed(climb)
        assert kinds((await climb.ask()).attempts) == ["no_model", None]
        assert kinds((await climb.ask()).attempts) == ["resting", None]
        assert state(climb) == "gone"
        with pytest.raises(EffectFailed) as failed:
            await climb.ask("main:m")
        assert (failed.value.origin, failed.value.retry_after_s) == ("gateway", None)
        clock.now_s += GONE_S
        assert kinds((await climb.ask()).attempts) == [None]


async def test_retries_of_all_calls_together_are_bounded() -> None:
    async with between([Act(status=500)], SPARE) as climb:
        clock = timed(climb)
        retries = 0
        for _ in range(40):
            clock.now_s += 0.01
            climb.gateway.standing = type(climb.gateway.standing)(clock)  # so that no breaker does it
            retries += len((await climb.ask(retries=2)).attempts) - 2
        assert 10 <= retries <= 15
        assert climb.gateway.health().retries_left == 0


async def test_a_stale_connection_costs_one_call_on_a_fresh_one() -> None:
    async with between(in_turn(WELL, Act(hang_up=True), WELL), SPARE) as climb:
        await climb.ask(retries=0)
        done = await climb.ask(retries=0)
        assert kinds(done.attempts) == ["broken_off", None]
        assert done.attempts[-1].provider == "main"
        assert len({received.connection for received in climb.main.requests}) == 2
        assert climb.gateway.retries.left == 10


async def test_a_slow_drip_is_left_for_the_next_rung() -> None:
    async with between([Act(pieces=tuple("abcdefghij" * 9), between_ms=40)], SPARE) as climb:
        climb.gateway.pace = type(climb.gateway.pace)(floor_ms=300)
        done = await climb.ask(floor_chars_per_s=100.0, rescue="restart", retries=0)
        assert kinds(done.attempts) == ["slow", None]
        done = await climb.ask(floor_chars_per_s=0.0, rescue="restart", retries=0)
        assert kinds(done.attempts) == [None]


async def test_the_wait_for_a_first_token_shrinks_to_what_is_usual() -> None:
    rule = in_turn(*[WELL] * 50, Act(before_headers_ms=60_000))
    async with between(rule, SPARE) as climb:
        for _ in range(50):
            await climb.ask(hedge="off")
        started = time.monotonic()
        done = await climb.ask(first_token_ms=4_000, hedge="off")
        assert kinds(done.attempts) == ["silent", None]
        assert 0.9 < time.monotonic() - started < 3
        again = await climb.ask(first_token_ms=1_600, hedge="off", learn_timeouts=False)
        assert again.attempts[0].ms > 1_500


async def test_a_deadline_says_where_the_time_went() -> None:
    async with between([Act(status=500)], [Act(before_headers_ms=60_000)]) as climb:
        with pytest.raises(EffectFailed) as failed:
            await climb.ask(deadline_ms=400, retries=1)
        error = failed.value
        assert (error.code, error.origin) == ("HF302", "gateway")
        for part in (
            "rung 0 main:m (first)",
            "rung 0 main:m (retry)",
            "rung 1 spare:m (first)",
            "no token",
            "deadline",
        ):
            assert part in error.message
        assert [attempt.detail.part for attempt in error.attempts] == ["first", "retry", "first"]


async def test_a_parameter_that_a_model_rejects_is_left_out_now_and_later() -> None:
    refusal = b'{"error": {"message": "\'temperature\' is not supported with this model.", "param": "temperature"}}'

    def rule(asked):
        return Act(status=400, body=refusal) if "temperature" in asked.body else WELL

    async with between(rule, SPARE) as climb:
        effect = Generate(
            slot="answer", models=("main:m", "spare:m"), messages=ASKED, sampling=Sampling(temperature=0.2, seed=4)
        )
        first = await climb.ask(effect=effect, retries=0)
        assert kinds(first.attempts) == ["bad_request", None]
        assert first.attempts[1].detail.dropped == ("temperature",)
        later = await climb.ask(effect=effect, retries=0)
        assert kinds(later.attempts) == [None]
        assert later.attempts[0].detail.dropped == ("temperature",)
        assert climb.main.requests[-1].body["seed"] == 4
        assert climb.gateway.health().routes[0].dropped == ("temperature",)
        assert climb.gateway.retries.left == 10


async def test_a_bound_is_sent_under_the_name_that_the_model_knows() -> None:
    refusal = b'{"error": {"message": "Unsupported parameter: \'max_tokens\' is not supported with this model."}}'

    def rule(asked):
        return Act(status=400, body=refusal) if "max_tokens" in asked.body else WELL

    async with between(rule, SPARE) as climb:
        effect = Generate(slot="answer", models=("main:m",), messages=ASKED, sampling=Sampling(max_tokens=9))
        assert kinds((await climb.ask(effect=effect)).attempts) == ["bad_request", None]
        assert climb.main.requests[-1].body["max_completion_tokens"] == 9


async def test_what_a_model_cannot_take_is_not_sent_to_it() -> None:
    image = Message(role="user", text="See.", media=(Media(media_type="image/png", data=b"12345678"),))
    effect = Generate(slot="answer", models=("main:m", "spare:m"), messages=(image,))
    async with between(always(WELL), SPARE, facts=Facts(images=False)) as climb:
        climb.gateway.facts = {"main:m": Facts(images=False)}
        done = await climb.ask(effect=effect)
        assert kinds(done.attempts) == ["passed_over", None]
        assert climb.main.calls == 0


async def test_after_too_long_only_a_larger_window_is_asked() -> None:
    too_long = b'{"error": {"message": "x", "code": "context_length_exceeded"}}'
    async with between([Act(status=400, body=too_long)], SPARE) as climb:
        for window, expected in ((8_000, ["too_long", "too_long"]), (16_000, ["too_long", None])):
            climb.gateway.facts = {"main:m": Facts(context_window=8_000), "spare:m": Facts(context_window=window)}
            if window == 8_000:
                with pytest.raises(EffectFailed) as failed:
                    await climb.ask()
                assert (failed.value.code, kinds(failed.value.attempts)) == ("HF312", expected)
                assert climb.spare.calls == 0
            else:
                assert kinds((await climb.ask()).attempts) == expected


async def test_a_filter_leads_to_the_next_rung_only_where_the_slot_says_so() -> None:
    said = b'{"error": {"message": "no", "code": "content_filter"}}'
    acts = [Act(status=400, body=said), Act(text="", stop_reason="content_filter")]
    for act in acts:
        async with between([act], SPARE) as climb:
            done = await climb.ask(on_filtered="next_rung")
            assert kinds(done.attempts) == ["filtered", None]
            with pytest.raises(EffectFailed) as failed:
                await climb.ask()
            assert (failed.value.code, climb.spare.calls) == ("HF304", 1)
            with pytest.raises(EffectFailed) as failed:
                await climb.ask("main:m", on_filtered="next_rung")
            assert (failed.value.code, climb.main.calls) == ("HF304", 3)


async def test_a_model_that_answers_under_another_name_is_noticed() -> None:
    async with between(in_turn(Act(model="m-2025-08-07"), Act(model="another-model")), SPARE) as climb:
        done = await climb.ask()
        assert done.attempts[0].detail.served == "m-2025-08-07"
        assert climb.gateway.health().routes[0].swapped == 0
        await climb.ask()
        report = climb.gateway.health().routes[0]
        assert (report.served, report.swapped) == ("another-model", 1)
        assert (report.asked, report.answered) == (2, 2)


async def test_bad_arguments_of_a_tool_do_not_count_against_the_route() -> None:
    async with between([Act(tool_calls=(CALL,), tool_arguments="{")], SPARE) as climb:
        timed(climb)
        for _ in range(6):
            await climb.ask(retries=0)
        assert state(climb) == "closed"
