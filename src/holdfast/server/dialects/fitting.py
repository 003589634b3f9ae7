"""A conversation as a feature's input: into its `messages`, its one text, or as the input's JSON.

Knows no dialect, and of a feature only its schema.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from holdfast.records import Json, Media, Message
from holdfast.server.dialects.asked import Asked
from holdfast.server.dialects.wrong import Wrong, flat

How: TypeAlias = Literal["messages", "field", "whole", "json"]


class Fit(Struct, frozen=True):
    """How a feature takes a conversation: `field` is where its text goes, `file` where what is attached goes.

    `many`: it takes several files.
    """

    how: How
    field: str = ""
    file: str = ""
    many: bool = False


def fit_of(schema: dict[str, Json]) -> Fit:
    """How an input of that JSON Schema is filled."""
    if schema.get("type") == "string":
        return Fit("whole")
    properties = schema.get("properties") or {}
    if "messages" in properties:
        return Fit("messages")
    files = {name: kind for name, part in properties.items() if (kind := _takes_files(part))}
    file, many = next(((name, kind == "many") for name, kind in files.items()), ("", False))
    required = [name for name in schema.get("required") or () if name != file]
    if len(required) == 1 and properties[required[0]].get("type") == "string":
        return Fit("field", required[0], file, many)
    return Fit("json", file=file, many=many)


def _takes_files(part: Json) -> Literal["", "one", "many"]:
    """Whether a property is an `hf.File`, or a list of them."""
    if not isinstance(part, dict):
        return ""
    if part.get("type") == "array":
        return "many" if _takes_files(part.get("items")) == "one" else ""
    if any(_takes_files(choice) == "one" for choice in part.get("anyOf") or ()):
        return "one"
    inner = part.get("properties") or {}
    data = inner.get("data")
    encoded = isinstance(data, dict) and data.get("contentEncoding") == "base64"
    return "one" if encoded and "media_type" in inner and "at" not in inner else ""


def fitted(fit: Fit, asked: Asked, turns: tuple[Message, ...]) -> Json:
    """The feature's input. `turns` are the whole conversation, what is attached in its place.

    Raises Wrong for what a feature cannot take: tools and schemas, which are its own to choose, and media it has no
    field for.
    """
    if asked.tools:
        fix = "leave tools out, or ask a model: slot:NAME or provider:model"
        raise Wrong("tools", f"'{asked.model}' is a feature, and calls its own tools", fix)
    if asked.schema is not None:
        fix = "leave the format out, or ask a model: slot:NAME or provider:model"
        raise Wrong("response_format", f"'{asked.model}' is a feature, and has an output of its own", fix)
    if fit.how == "messages":
        return {"messages": msgspec.to_builtins(turns)}
    last = next((turn for turn in reversed(turns) if turn.role == "user"), None)
    if last is None:
        raise Wrong("messages", "no message is the user's", "end with one of role user")
    value = _of_text(fit, asked.model, last.text)
    media = [each for turn in turns for each in turn.media]
    return _with_files(fit, asked, value, media) if media else value


def _of_text(fit: Fit, model: str, text: str) -> Json:
    if fit.how == "whole":
        return text
    if fit.how == "field":
        return {fit.field: text}
    try:
        return flat(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        message = f"feature '{model}' takes more than a text, and the last message is not its input as JSON: {error}"
        raise Wrong("messages", message, "send the input as JSON; GET /v1/features has its schema") from error


def _with_files(fit: Fit, asked: Asked, value: Json, media: list[Media]) -> Json:
    if not fit.file or not isinstance(value, dict) or (len(media) > 1 and not fit.many):
        takes = "only one image or document" if fit.file else "no images or documents"
        raise Wrong(asked.given[-1].param, f"feature '{asked.model}' takes {takes}", "leave them out")
    files = [{"media_type": each.media_type, "data": each.data, "name": each.name} for each in media]
    plain = msgspec.to_builtins(files)
    return {**value, fit.file: plain if fit.many else plain[0]}
