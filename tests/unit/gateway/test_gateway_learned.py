"""What a refusal teaches: which parameter to leave out, what a model cannot take; and which model really answered."""

from __future__ import annotations

import pytest

from holdfast.gateway.capability import Facts, media_limits, unable
from holdfast.gateway.fault import Fault, from_status
from holdfast.gateway.learned import Refusals, left_out, same_model
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import Hosted
from holdfast.messages import Media
from holdfast.records import Generate, Message, Sampling, Tool

OPENAI = Provider(name="p", base_url="http://x/v1", max_tokens_field="max_completion_tokens")
RUNG = Hosted(OPENAI, "m")
SAMPLING = Sampling(
    temperature=0.1,
    top_p=0.5,
    seed=3,
    stop=("END",),
    max_tokens=9,
    presence_penalty=0.1,
    frequency_penalty=0.1,
    reasoning_effort="low",
    parallel_tool_calls=False,
)
ASKED = Generate(
    slot="answer",
    models=("p:m",),
    messages=(Message(role="user", text="Hello"),),
    sampling=SAMPLING,
    schema={"type": "object"},
)


@pytest.mark.parametrize(
    ("status", "said", "name"),
    [
        (
            400,
            b'{"error": {"message": "Unsupported value: \'temperature\' does not support 0.1 with this model. Only the '
            b'default (1) value is supported.", "param": "temperature", "code": "unsupported_value"}}',
            "temperature",
        ),
        (400, b'{"error": {"message": "`temperature` is deprecated for this model."}}', "temperature"),
        (
            400,
            b'{"error": {"message": "`temperature` and `top_p` cannot both be specified for this model."}}',
            "top_p",
        ),
        (400, b'{"error": {"message": "property \'seed\' is unsupported"}}', "seed"),
        (400, b'{"error": {"message": "stop_sequences: Extra inputs are not permitted"}}', "stop"),
        (
            400,
            b'{"error": {"message": "Argument not supported on this model: presencePenalty"}}',
            "presence_penalty",
        ),
        (
            422,
            b'{"detail": [{"type": "extra_forbidden", "loc": ["body", "frequency_penalty"], "msg": "Extra inputs"}]}',
            "frequency_penalty",
        ),
        (
            400,
            b'{"error": {"message": "Unrecognized request argument supplied: reasoning_effort"}}',
            "reasoning_effort",
        ),
        (
            400,
            b'{"error": {"message": "Unsupported parameter: \'parallel_tool_calls\' is not supported here"}}',
            "parallel_tool_calls",
        ),
        (400, b'{"error": {"message": "Unknown parameter: stream_options"}}', "stream_options"),
        (400, b'{"error": {"message": "This response_format type is unavailable now"}}', "json_schema"),
    ],
)
def test_a_parameter_that_a_refusal_names_is_left_out(status, said, name) -> None:
    refusals = Refusals()
    assert refusals.learn(from_status(status, said), ASKED, OPENAI, prefilled=False) == name
    assert left_out(refusals, ASKED, OPENAI) == (frozenset({name}), (name,))


@pytest.mark.parametrize(
    "said",
    [
        b'{"error": {"message": "Invalid \'temperature\': decimal above maximum value. Expected a value <= 2"}}',
        b'{"error": {"message": "The image is unsupported"}}',
        b'{"error": {"message": "temperatures of this kind are not supported"}}',
    ],
)
def test_a_wrong_value_and_what_was_not_sent_are_the_callers_to_mend(said) -> None:
    refusals = Refusals()
    assert refusals.learn(from_status(400, said), ASKED, OPENAI, prefilled=False) is None
    assert left_out(refusals, ASKED, OPENAI) == (frozenset(), ())


def test_the_bound_is_sent_under_its_other_name_before_it_is_left_out() -> None:
    refusals = Refusals()
    said = Fault("bad_request", "Unsupported parameter: 'max_completion_tokens' is not supported")
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False)
    assert refusals.other_bound
    assert not refusals.dropped
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False) == "max_tokens"
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False) is None


def test_a_schema_is_asked_for_more_loosely_step_by_step() -> None:
    refusals, said = Refusals(), Fault("bad_request", "response_format is not supported")
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False) == "json_schema"
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False) == "schema"
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False) is None


def test_a_begun_answer_that_is_refused_is_not_begun_again() -> None:
    refusals = Refusals()
    said = Fault("bad_request", "This model does not support assistant message prefill.")
    assert refusals.learn(said, ASKED, OPENAI, prefilled=False) is None
    assert refusals.learn(said, ASKED, OPENAI, prefilled=True) == "prefill"
    assert refusals.learn(said, ASKED, OPENAI, prefilled=True) is None


IMAGE = Message(role="user", media=(Media(media_type="image/png", data=b"12345678"),))
SEEING = Generate(slot="answer", models=("p:m",), messages=(IMAGE,))
CALLING = Generate(slot="answer", models=("p:m",), messages=ASKED.messages, tools=(Tool(name="t"),))
LONG = Generate(slot="answer", models=("p:m",), messages=(Message(role="user", text="word " * 2_000),))


@pytest.mark.parametrize(
    ("request_", "facts", "kind"),
    [
        (SEEING, Facts(images=False), "passed_over"),
        (SEEING, Facts(max_image_bytes=7), "passed_over"),
        (CALLING, Facts(tools=False), "passed_over"),
        (ASKED, Facts(schema=False), "passed_over"),
        (LONG, Facts(context_window=1_000), "too_long"),
        (LONG, Facts(context_window=2_400), None),  # only what is clearly over
        (SEEING, Facts(), None),
        (CALLING, Facts(), None),
    ],
)
def test_what_a_model_cannot_do_is_known_before_anything_is_sent(request_, facts, kind) -> None:
    fault = unable(request_, RUNG, facts, facts.context_window, Refusals())
    assert (fault and fault.kind) == kind


def test_the_project_knows_a_models_limits_better_than_its_provider_does() -> None:
    facts = Facts(images=True, documents=False, max_image_px=900, max_image_bytes=5_000)
    blind = Provider(name="p", base_url="http://x/v1", images=False, documents="file")
    known = media_limits(blind, "m", facts)
    assert "image/png" in known.types
    assert not known.documents
    assert (known.max_px, known.max_bytes) == (900, 5_000)
    assert media_limits(blind, "m", Facts()).types == frozenset()


def test_images_and_tools_that_are_refused_are_not_sent_again() -> None:
    refusals = Refusals()
    refusals.learn(Fault("bad_request", "image input is not supported"), SEEING, OPENAI, prefilled=False)
    refusals.learn(Fault("bad_request", "this model does not support tools"), CALLING, OPENAI, prefilled=False)
    for request in (SEEING, CALLING):
        fault = unable(request, RUNG, Facts(), None, refusals)
        assert fault is not None
        assert fault.kind == "passed_over"


def test_what_was_called_too_long_is_not_sent_again_twice_as_long() -> None:
    refusals = Refusals()
    refusals.learn(Fault("too_long", "context_length_exceeded"), ASKED, OPENAI, prefilled=False)
    fault = unable(LONG, RUNG, Facts(), None, refusals)
    assert fault is not None
    assert fault.kind == "too_long"


@pytest.mark.parametrize(
    ("asked", "served", "same"),
    [
        ("gpt-5-mini", "gpt-5-mini", True),
        ("gpt-5-mini", "gpt-5-mini-2025-08-07", True),
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001", True),
        ("gpt-4", "gpt-4-0613", True),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", True),
        ("anthropic/claude-haiku-4.5", "anthropic/claude-haiku-4.5", True),
        ("models/gemini-2.5-flash", "gemini-2.5-flash", True),
        ("gpt-5", "", True),
        ("gpt-4", "gpt-4-turbo", False),
        ("gpt-5", "gpt-5-mini", False),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite", False),
        ("gpt-5-mini", "gpt-4o-mini", False),
    ],
)
def test_a_dated_name_is_the_same_model_and_another_is_not(asked, served, same) -> None:
    assert same_model(asked, served) == same
