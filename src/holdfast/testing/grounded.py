"""A rule that answers from the prompt it is sent: with its best-fitting sentence, cited, or as the schema wants it.

Does not know the project that asks. The same request gets the same answer, and a request to go on with an answer that
was begun gets the rest of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from holdfast.messages import Json
from holdfast.records import Usage
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked, entries, fields
from holdfast.testing.rules import begun_of, deterministic

_SOURCE = re.compile(r"^\[(\d{1,3})\] (.*)$", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?\n]{12,400}[.!](?=\s|$)")
_BROKEN_LINE = re.compile(r"(?<=\S)\n(?=\S)")  # within a paragraph
_WORD = re.compile(r"\w{4,}")
_DEPTH = 8
_CHARACTERS = 4  # of a token, about
_PACE = Act(before_text_ms=30.0, between_ms=4.0)


def grounded(asked: Asked) -> Act:
    """A rule: what a careful model could say to this prompt. It takes about as long as a quick model does."""
    text = answer_to(before_the_answer(asked))
    if not begun_of(asked, text):
        text = answer_to(asked)
    tokens = Usage(input_tokens=len(asked.everything) // _CHARACTERS, output_tokens=len(text) // _CHARACTERS + 1)
    return deterministic(text, act=replace(_PACE, usage=tokens))(asked)


def before_the_answer(asked: Asked) -> Asked:
    """The request as it was before an answer to it was begun: without the assistant's last turn and what follows."""
    last = [place for place, turn in enumerate(asked.messages) if turn.role == "assistant"]
    return replace(asked, messages=asked.messages[: last[-1]]) if last else asked


def answer_to(asked: Asked) -> str:
    """The text of the answer."""
    schema = asked.schema or _schema_of_the_tool(asked)
    sentence = _sentence(asked)
    if schema is None:
        return sentence
    return msgspec.json.encode(conforming(schema, schema, sentence)).decode()


def _schema_of_the_tool(asked: Asked) -> Mapping[str, Json] | None:
    """Of the tool that has to be called, where the dialect asks for a schema that way."""
    if not asked.must_call or not asked.tools:
        return None
    named = [tool for tool in asked.tools if tool.name == asked.must_call]
    return (named or asked.tools)[-1].parameters


def _sentence(asked: Asked) -> str:
    """The sentence of the numbered sources, else of the instructions, that shares most words with the user's."""
    wanted = set(_WORD.findall(asked.text.lower()))
    best, most = "", 0.0
    for number, text in (source for turn in asked.messages for source in _sources(turn.text)):
        for sentence in _SENTENCE.findall(_BROKEN_LINE.sub(" ", text)):
            words = set(_WORD.findall(sentence.lower()))
            shared = len(wanted & words) / (len(words) + 8)
            if shared > most or not best:
                best, most = f"{sentence.strip()} [{number}]", shared
    if best:
        return best
    question = " ".join(asked.text.split())
    return f"This answers what was asked: {question[:120] or 'nothing'}"


def _sources(prompt: str) -> list[tuple[str, str]]:
    """The numbered sources of a prompt, each with its text."""
    marks = list(_SOURCE.finditer(prompt))
    ends = [*(mark.start() for mark in marks[1:]), len(prompt)]
    return [(mark.group(1), prompt[mark.end() : end]) for mark, end in zip(marks, ends, strict=False)]


def conforming(schema: Mapping[str, Json], whole: Mapping[str, Json], text: str, depth: int = 0) -> Json:
    """A small value that a JSON Schema allows, with `text` where any text may stand; `whole` holds its definitions."""
    schema = _resolved(schema, whole)
    if "const" in schema:
        return schema["const"]
    for keyword in ("enum", "examples"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if schema.get(keyword):
            return conforming(schema[keyword][0], whole, text, depth + 1)
    kind = schema.get("type")
    match entries(kind)[0] if isinstance(kind, list) else kind:
        case "object":
            parts = fields(schema.get("properties"))
            named = entries(schema.get("required")) if depth < _DEPTH else []
            return {name: conforming(fields(parts.get(name)), whole, text, depth + 1) for name in named}
        case "array":
            least = schema.get("minItems", 0) if depth < _DEPTH else 0
            return [conforming(fields(schema.get("items")), whole, text, depth + 1)] * least
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
    return text[: schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), ".")


def _resolved(schema: Mapping[str, Json], whole: Mapping[str, Json]) -> Mapping[str, Json]:
    """The schema itself where it only refers to a part of the whole."""
    for _ in range(_DEPTH):
        _, mark, name = str(schema.get("$ref", "")).partition("#/$defs/")
        if not mark:
            break
        schema = fields(fields(whole.get("$defs")).get(name))
    return schema
