"""The shape of an output: what a model is asked for, and how its reply becomes the feature's value.

Knows nothing of models or prompts. A type that is only text with citations is asked for as plain text with markers;
anything else as JSON under a schema in which a citation is the number of a source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError

from holdfast.records import Citation, Generated, Json, Passage
from holdfast.runtime.citing import citation, cite
from holdfast.runtime.feature import problems

EXTRACTIVE = "extractive"
_FENCED = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)
_CITED_SOURCE: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "source": {"type": "integer", "description": "the number of the source, as in [1]"},
        "quote": {"type": "string", "description": "the words of the source that say it, verbatim"},
    },
    "required": ["source", "quote"],
}


class Unreadable(Exception):
    """A reply that is not what was asked for; the text says what is wrong, for the model to mend."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`schema` None asks for plain text. `answers`: a text with citations is enough to fill it."""

    type: Any
    schema: dict[str, Json] | None
    answers: bool
    wrapped: bool
    cites: bool

    def read(self, reply: Generated, passages: Sequence[Passage]) -> Any:
        """The value a reply stands for. Raises Unreadable. The same reply and passages give the same value."""
        adapter = _adapter(self.type)
        if reply.model == EXTRACTIVE or self.schema is None:
            text, citations = (reply.text, reply.citations) if reply.model == EXTRACTIVE else cite(reply.text, passages)
            if not text.strip():
                raise Unreadable("the reply is empty")
            content: Json = text if self.type is str else {"text": text}
            if self.cites:
                content["citations"] = list(citations)
        else:
            content = self._decoded(reply.text, passages)
        try:
            return adapter.validate_python(content)
        except ValidationError as error:
            raise Unreadable(problems(error)) from error

    def _decoded(self, text: str, passages: Sequence[Passage]) -> Json:
        fenced = _FENCED.match(text)
        try:
            content = json.loads(fenced.group(1) if fenced else text)
        except ValueError as error:
            raise Unreadable(f"the reply is not JSON: {error}") from error
        if self.wrapped:
            if not isinstance(content, dict) or "value" not in content:
                raise Unreadable('the reply is not an object with the field "value"')
            content = content["value"]
        return _with_citations(content, passages)


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@lru_cache(maxsize=256)
def shape_of(kind: Any) -> Shape:
    """The shape of a type a feature asks for: `str`, a pydantic model, or anything pydantic can check."""
    if kind is str:
        return Shape(type=kind, schema=None, answers=True, wrapped=False, cites=False)
    model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    fields = {} if model is None else model.model_fields
    cites = "citations" in fields and Citation.__name__ in str(fields["citations"].annotation)
    plain = fields.get("text") is not None and fields["text"].annotation is str
    rest = [name for name in fields if name != "text" and not (name == "citations" and cites)]
    answers = plain and not any(fields[name].is_required() for name in rest)
    if plain and not rest:
        return Shape(type=kind, schema=None, answers=True, wrapped=False, cites=cites)
    schema = _for_models(_adapter(kind).json_schema())
    wrapped = schema.get("type") != "object"
    if wrapped:
        inner = {name: part for name, part in schema.items() if name != "$defs"}
        schema = {"type": "object", "properties": {"value": inner}, "required": ["value"]} | (
            {"$defs": schema["$defs"]} if "$defs" in schema else {}
        )
    return Shape(type=kind, schema=schema, answers=answers, wrapped=wrapped, cites=cites)


def _for_models(schema: Any) -> Any:
    """A JSON Schema in which every citation is asked for as the number of a source and a quote."""
    if isinstance(schema, list):
        return [_for_models(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("title") == Citation.__name__ and "chunk" in schema.get("properties", {}):
        return _CITED_SOURCE
    return {name: _for_models(part) for name, part in schema.items()}


def _with_citations(content: Any, passages: Sequence[Passage]) -> Any:
    """Content in which every `{"source": n, "quote": ...}` is the citation it means."""
    if isinstance(content, list):
        return [_with_citations(part, passages) for part in content]
    if not isinstance(content, dict):
        return content
    number = content.get("source")
    if set(content) <= {"source", "quote"} and isinstance(number, int):
        if not 1 <= number <= len(passages):
            raise Unreadable(f"source {number} does not exist; there are {len(passages)}")
        passage, quote = passages[number - 1], str(content.get("quote", ""))
        found = citation(passage, quote)
        return msgspec.structs.replace(found, quote=quote) if quote and quote in passage.text else found
    return {name: _with_citations(part, passages) for name, part in content.items()}
