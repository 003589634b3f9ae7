"""Guards: what they let pass, what they stop and why, and that wrong settings are refused at the door."""

import re

import pytest

from holdfast.errors import Misconfigured
from holdfast.guards import FAMILIES, build_guard
from holdfast.support import NOT_FOUND

SOURCES = ["Refunds are possible within 30 days of purchase.", "Shipping takes three to five days."]


async def test_a_grounded_answer_passes_with_full_score() -> None:
    verdict = await build_guard("grounded", {}).check(
        "Refunds are possible within 30 days [1]. Anything else?", SOURCES
    )
    assert (verdict.guard, verdict.passed, verdict.score, verdict.reason) == ("grounded", True, 1.0, None)


async def test_an_unsupported_sentence_fails_is_named_and_is_left_out_of_the_redacted_text() -> None:
    line = "- Refunds are possible within {} days of purchase [1].\n"
    text = f"Hello!\n\n{line.format(30)}{line.format(45)}"
    verdict = await build_guard("grounded", {}, name="facts").check(text, SOURCES)
    assert (verdict.guard, verdict.passed, verdict.score) == ("facts", False, 0.5)
    assert verdict.reason is not None
    assert "within 45 days" in verdict.reason
    assert verdict.redacted == "Hello!\n\n- Refunds are possible within 30 days of purchase [1]."


async def test_a_citation_of_a_source_that_is_not_there_fails_and_is_removed() -> None:
    text = "Refunds are possible within 30 days of purchase [1][7]. Is it [2](https://a.b) or `a[9]`?"
    verdict = await build_guard("grounded", {}).check(text, SOURCES)
    assert not verdict.passed
    assert verdict.reason == "cites [7], but there are 2 sources"
    assert verdict.redacted == "Refunds are possible within 30 days of purchase [1]. Is it [2](https://a.b) or `a[9]`?"
    assert (await build_guard("grounded", {"citations": False}).check(text, SOURCES)).passed


async def test_redaction_that_leaves_no_claim_says_so() -> None:
    verdict = await build_guard("grounded", {}).check("Hello! Horses run in the desert.", SOURCES)
    assert verdict.redacted == NOT_FOUND
    assert verdict.score == 0.0


async def test_saying_that_it_is_not_in_the_sources_is_grounded() -> None:
    assert (await build_guard("grounded", {}).check(NOT_FOUND, [])).passed


async def test_the_threshold_decides() -> None:
    text = "A refund may be asked for in the first 30 days."
    assert (await build_guard("grounded", {"threshold": 0.0}).check(text, SOURCES)).passed
    assert not (await build_guard("grounded", {"threshold": 1.0}).check(text, SOURCES)).passed


async def test_a_redacted_text_passes_the_guard_itself() -> None:
    guard = build_guard("grounded", {})
    text = "Shipping takes three days [2]. Horses run [9]. Refunds are possible within 30 days [1, 3]. It costs $99."
    verdict = await guard.check(text, SOURCES)
    assert verdict.redacted is not None
    assert (await guard.check(verdict.redacted, SOURCES)).passed


@pytest.mark.parametrize(
    ("settings", "text", "reason"),
    [
        ({}, "  \n", "there is no text"),
        ({"min_chars": 10}, "short", "5 characters, fewer than 10"),
        ({"max_chars": 4}, " short ", "5 characters, more than 4"),
        ({"must_match": r"\bKind regards\b"}, "Bye", "does not match"),
        ({"must_not_match": ["(?i)lawsuit", "guarantee"]}, "We guarantee it", "guarantee"),
        ({}, "Dear {{ customer }}, hello", "template"),
        ({}, "Dear [insert name here], hello", "gap"),
        ({}, "Regards, [Your Name]", "gap"),
        ({}, "As an AI language model, I cannot", "model speaking of itself"),
        ({}, "<think>hm</think> Yes", "own format"),
        ({"required": ["text"]}, '{"text": " "}', "'text' is empty"),
        ({"required": ["text"]}, "[1]", "not a JSON object"),
        ({"required": ["text", "citations"]}, '{"text": "a", "citations": []}', "'citations' is empty"),
    ],
)
async def test_shape_names_what_is_wrong(settings: dict, text: str, reason: str) -> None:
    verdict = await build_guard("shape", settings).check(text, ())
    assert (verdict.passed, verdict.score) == (False, 0.0)
    assert verdict.reason is not None
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "See [your account](https://a.b) and press [Enter]; as an AI company we care."),
        ({"leftovers": False}, "Use {{ name }} in a template."),
        ({"min_chars": 2, "max_chars": 2, "must_match": ["^o", "k$"]}, "ok"),
        ({"required": ["text", "count", "sure"]}, '{"text": "a", "count": 0, "sure": false}'),
    ],
)
async def test_shape_lets_well_formed_text_pass(settings: dict, text: str) -> None:
    verdict = await build_guard("shape", settings).check(text, ())
    assert (verdict.passed, verdict.score, verdict.reason) == (True, 1.0, None)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("groundd", {}, "did you mean 'grounded'?"),
        ("grounded", {"treshold": 1}, "did you mean 'threshold'?"),
        ("grounded", {"threshold": 2}, "<= 1"),
        ("grounded", {"threshold": "high"}, "threshold"),
        ("shape", {"must_match": "(("}, "regular expression"),
        ("shape", {"min_chars": 5, "max_chars": 4}, "max_chars"),
        ("shape", {"max_chars": -1}, "max_chars"),
    ],
)
def test_wrong_settings_are_refused_when_the_guard_is_built(kind: str, settings: dict, said: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(said)) as refused:
        build_guard(kind, settings)
    assert refused.value.code == "HF100"


async def test_every_family_can_be_built_without_settings_and_repeats_its_verdict() -> None:
    for kind in FAMILIES:
        guard = build_guard(kind, {})
        assert await guard.check("Ships in 9 days.", SOURCES) == await guard.check("Ships in 9 days.", SOURCES)
