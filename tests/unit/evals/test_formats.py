"""Cases survive the way through other tools' formats, and what those hold besides is counted, never dropped."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.evals.case_samples import case_lists

from holdfast.errors import Misconfigured
from holdfast.evals.formats import CODECS
from holdfast.evals.formats.carried import Imported
from holdfast.evaluation import Case, Gold

PROMPTFOO = """
description: Support answers
prompts: [file://answer.txt]
providers: ["openai:gpt-5-mini", "anthropic:claude-haiku-4-5"]
defaultTest:
  vars: {tone: friendly}
  assert: [{type: latency, threshold: 3000}]
tests:
  - description: refund time
    vars: {body: "When is my money back?", since: 2024-05-01}
    assert:
      - {type: icontains, value: 5 working days}
      - {type: contains-all, value: "invoice, refund", weight: 2}
      - {type: llm-rubric, value: is polite}
    metadata: {tags: [refunds], owner: mia}
    threshold: 0.5
  - vars: {body: [Hello, Hi]}
    assert: [{type: equals, value: "Hello there"}]
  - vars: file://more.yaml
  - vars: {body: file://long.txt}
"""
LANGFUSE = [
    {
        "id": "item-1",
        "datasetId": "d",
        "input": {"body": "How do I reset it?"},
        "expectedOutput": {"text": "Hold the button."},
        "metadata": {"tags": ["alarm"], "channel": "mail"},
        "status": "ACTIVE",
        "sourceTraceId": "t-1",
    },
    {"id": "item-2", "input": "old", "expectedOutput": None, "status": "ARCHIVED"},
]
SAMPLES = """
{"input": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "2+2?"}], "ideal": ["4", "four"]}
{"input": [{"role": "user", "content": [{"text": "What is it?"}, {"type": "image_url"}]}], "ideal": "a cat"}
{"item": {"ticket_text": "My monitor is dark", "correct_label": "Hardware"}}
{"question": "a or b", "answer": 1}
"""
DATASET = """
name: capitals
cases:
  - name: france
    inputs: {question: "Capital of France?"}
    expected_output: Paris
    evaluators:
      - EqualsExpected
      - Contains: {value: Paris, case_sensitive: true}
      - LLMJudge: {rubric: "names a city"}
  - inputs: What is 1+1?
    metadata: {difficulty: easy}
evaluators:
  - IsInstance: str
report_evaluators: [ConfusionMatrix]
"""


def read(format: str, text: str | list[Any], **how: bool) -> tuple[tuple[Case, ...], dict[str, int]]:
    imported: Imported = CODECS[format].read(text if isinstance(text, str) else json.dumps(text), **how)
    counts = Counter[str]()
    for each in imported.left:
        assert each.why
        counts[each.name] += each.count
    return imported.cases, dict(counts)


@pytest.mark.parametrize("format", CODECS)
@settings(max_examples=150, deadline=None)
@given(cases=case_lists)
def test_what_a_codec_writes_it_reads_back_whole(format: str, cases: list[Case]) -> None:
    exported = CODECS[format].write(cases, "answer")
    imported = CODECS[format].read(exported.text)
    assert imported.cases == tuple(cases)
    assert imported.left == ()


@pytest.mark.parametrize("format", CODECS)
def test_what_its_readers_do_not_act_on_is_counted_when_it_is_written(format: str) -> None:
    case = Case(id="a", input={"body": "x"}, gold=(Gold(document="d"),), must_pass=True, calls={"send": (1,)})
    left = {each.name: each.count for each in CODECS[format].write([case, case], "answer").left}
    assert left.items() >= {"gold": 2, "must_pass": 2, "calls": 2}.items()


def test_tests_of_promptfoo_become_cases_and_the_rest_is_counted() -> None:
    cases, left = read("promptfoo", PROMPTFOO)
    assert cases[0] == Case(
        id="refund time",
        input={"tone": "friendly", "body": "When is my money back?", "since": "2024-05-01"},
        facts=("5 working days", "invoice", "refund"),
        tags=("refunds",),
    )
    assert [case.input["body"] for case in cases[1:]] == ["Hello", "Hi"]
    assert [case.expected for case in cases[1:]] == ["Hello there", "Hello there"]
    assert len({case.id for case in cases}) == 3
    assert left == {
        "prompts": 1, "providers": 1, "assert.latency": 2, "assert.llm-rubric": 1, "assert.contains-all.weight": 1,
        "metadata.owner": 1, "test.threshold": 1, "test": 2,
    }  # fmt: skip


_ASSERTIONS = st.builds(
    lambda kind, value: {"type": kind, "value": value},
    st.sampled_from(["equals", "icontains", "contains", "not-contains", "similar", "javascript", "is-json", "cost"]),
    st.sampled_from(["5 days", "!", "{{ x }}", "file://x", "", 5, None, {"a": 1}, ["a"]]),
)


@given(st.lists(st.lists(_ASSERTIONS, max_size=4), max_size=4))
def test_every_assertion_of_promptfoo_is_carried_over_or_counted(tests: list[list[dict[str, Any]]]) -> None:
    written = [{"vars": {"n": str(number)}, "assert": assertions} for number, assertions in enumerate(tests)]
    cases, left = read("promptfoo", written)
    beside = sum(bool(case.facts) and case.expected is not None for case in cases)
    carried = sum(len(case.facts) + (case.expected is not None) for case in cases)
    counted = sum(count for name, count in left.items() if name.startswith("assert."))
    assert carried + counted - beside == sum(map(len, tests))


def test_items_of_langfuse_become_cases_and_the_rest_is_counted() -> None:
    for text in (LANGFUSE, {"data": LANGFUSE, "meta": {}}, "\n".join(map(json.dumps, LANGFUSE))):
        cases, left = read("langfuse", text if isinstance(text, str) else json.dumps(text))
        case = Case(id="item-1", input={"body": "How do I reset it?"}, expected={"text": "Hold the button."})
        assert [each.id for each in cases] == ["item-1"]
        assert (cases[0].input, cases[0].expected, cases[0].tags) == (case.input, case.expected, ("alarm",))
        assert left == {"item.datasetId": 1, "metadata.channel": 1, "item.sourceTraceId": 1, "item": 1}


def test_samples_of_openai_evals_become_cases_and_the_rest_is_counted() -> None:
    cases, left = read("openai-evals", SAMPLES)
    assert [(case.input, case.expected) for case in cases] == [
        ("2+2?", "4"), ("What is it?", "a cat"), ({"ticket_text": "My monitor is dark"}, "Hardware"),
    ]  # fmt: skip
    assert left == {"input.system": 1, "ideal": 1, "input part": 1, "sample": 1}


def test_a_chat_stays_whole_where_the_feature_takes_one() -> None:
    cases, left = read("openai-evals", SAMPLES, conversational=True)
    assert cases[0].input == {"messages": [{"role": "system", "text": "Be short."}, {"role": "user", "text": "2+2?"}]}
    assert "input.system" not in left


def test_a_dataset_of_pydantic_evals_becomes_cases_and_the_rest_is_counted() -> None:
    cases, left = read("pydantic-evals", DATASET)
    assert cases[0] == Case(id="france", input={"question": "Capital of France?"}, expected="Paris", facts=("Paris",))
    assert cases[1].input == "What is 1+1?"
    assert left == {
        "report_evaluators": 1, "evaluator.IsInstance": 2, "evaluator.Contains.case_sensitive": 1,
        "evaluator.LLMJudge": 1, "metadata.difficulty": 1,
    }  # fmt: skip


@pytest.mark.parametrize("format", CODECS)
@pytest.mark.parametrize("text", ["just words", "[1, 2]", "a: [", "5"])
def test_a_text_of_another_format_is_refused(format: str, text: str) -> None:
    with pytest.raises(Misconfigured, match="HF111"):
        CODECS[format].read(text)


@pytest.mark.parametrize("format", CODECS)
def test_our_own_part_of_the_metadata_is_not_taken_on_trust(format: str) -> None:
    text = CODECS[format].write([Case(id="a", input=1, must_pass=True)], "answer").text
    with pytest.raises(Misconfigured, match="must_pass"):
        CODECS[format].read(text.replace("true", '"yes"'))


@pytest.mark.parametrize("format", CODECS)
@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=40) | st.recursive(
    st.none() | st.text(max_size=4) | st.integers(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(
        st.sampled_from(["tests", "cases", "data", "vars", "assert", "input", "item", "metadata", "holdfast", "type",
                         "value", "inputs", "evaluators", "ideal", "role", "content", "tags", "name", "id"]), part,
        max_size=4),
    max_leaves=12,
).map(json.dumps))  # fmt: skip
def test_any_text_is_cases_or_an_error_with_a_fix(format: str, text: str) -> None:
    try:
        CODECS[format].read(text)
    except Misconfigured as error:
        assert error.fix  # noqa: PT017
