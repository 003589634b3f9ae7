"""What is wrong with a request, with the name its dialect has for the field.

Knows no dialect.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from holdfast.errors import Refused
from holdfast.records import Json
from holdfast.server.exchange import MAX_DEPTH, deeper_than, too_deep
from holdfast.server.problems import HttpRefused

T = TypeVar("T")
_PATH = re.compile(r" - at `\$\.?([^`]*)`")


class Wrong(HttpRefused):
    """A field that cannot be taken. `param` is where it stands, as in `messages[0].content`."""

    def __init__(self, param: str, message: str, fix: str, code: str = "HF730") -> None:
        super().__init__(code, message, fix)
        self.param = param


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The request in `body`. Raises Refused (HF700) for what is no JSON, Wrong naming a field of the wrong type."""
    if not body:
        raise Refused("HF700", "the body is empty", "send the request as JSON")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        said = str(error)
        found = _PATH.search(said)
        param = found.group(1) if found else ""
        shown = said[: found.start()] if found else said
        raise Wrong(param, f"{param or 'the body'}: {shown}", "see /openapi.json for what is taken") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("HF700", f"the body is not valid JSON: {error}", "send the request as UTF-8 JSON") from error
    except RecursionError as error:
        raise too_deep() from error


def flat(value: T) -> T:
    """JSON of others' making, if it does not nest deeper than `MAX_DEPTH`. Raises Refused (HF700)."""
    if deeper_than(value, MAX_DEPTH):
        raise too_deep()
    return value


def arguments(text: str, param: str) -> dict[str, Json]:
    """The arguments of a tool call, which vendors write as JSON in a string. Raises Wrong."""
    try:
        value = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise Wrong(param, f"{param} is not JSON: {error}", "send the arguments as the model gave them") from error
    if not isinstance(value, dict):
        raise Wrong(param, f"{param} is not a JSON object", "send the arguments as the model gave them")
    return flat(value)


def refuse(params: dict[str, object]) -> None:
    """Raise Wrong for the first of these fields that is given: it would change the answer, and is not done here."""
    for param, given in params.items():
        if given not in (None, False, (), [], {}, msgspec.UNSET):
            raise Wrong(param, f"'{param}' is not done here", f"leave '{param}' out")
