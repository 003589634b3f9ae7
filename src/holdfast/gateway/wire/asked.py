"""What all dialects do alike to a request before they write it down: leave out what a model rejects, say a schema in
words, put what is attached between the words it belongs to.

Does not know any vendor's fields.
"""

from __future__ import annotations

import base64

import msgspec

from holdfast.messages import Media, Message, Sampling
from holdfast.records import Generate, Json

_UNSET = Sampling()
_OF_SAMPLING = frozenset(Sampling.__struct_fields__)


def pruned(request: Generate, without: frozenset[str]) -> Generate:
    """The request without what these names stand for: a field of `Sampling` is left to the vendor; `schema` is said in
    words instead; with `prefill` an answer that has begun is not handed in, and starts anew. Other names are the
    dialect's to heed."""
    if not without:
        return request
    unset = {name: getattr(_UNSET, name) for name in without & _OF_SAMPLING}
    if unset:
        request = msgspec.structs.replace(request, sampling=msgspec.structs.replace(request.sampling, **unset))
    if "schema" in without:
        request = in_words(request)
    if "prefill" in without and has_begun(request):
        request = msgspec.structs.replace(request, messages=request.messages[:-1])
    return request


def has_begun(request: Generate) -> bool:
    """The last turn is the assistant's own words: an answer that is to be continued."""
    last = request.messages[-1] if request.messages else None
    return last is not None and last.role == "assistant" and not last.tool_calls


def in_words(request: Generate) -> Generate:
    """The request with its schema said in a system turn, for a model that takes no schema."""
    if request.schema is None:
        return request
    written = msgspec.json.encode(request.schema).decode()
    wish = Message(role="system", text=f"Answer with one JSON object that matches this JSON Schema:\n{written}")
    return msgspec.structs.replace(request, schema=None, messages=(wish, *request.messages))


def pieces(message: Message) -> list[str | Media]:
    """The words of a turn and what is attached to it, in the order in which they are to be read; no word is empty.

    A text that is attached is words too, with its name before it: no vendor reads it worse than that.
    """
    if not message.media:
        return [message.text] if message.text else []
    found: list[str | Media] = []
    start = 0
    for media in sorted(message.media, key=lambda media: media.at):
        end = min(max(media.at, start), len(message.text))
        if end > start:
            found.append(message.text[start:end])
        start = end
        if media.media_type.startswith("text/"):
            words = media.data.decode(errors="replace")
            found.append(f"{media.name}:\n{words}" if media.name else words)
        else:
            found.append(media)
    if start < len(message.text):
        found.append(message.text[start:])
    return [piece for piece in found if piece]


def in_base64(media: Media) -> str:
    return base64.b64encode(media.data).decode()


def data_url(media: Media) -> str:
    return f"data:{media.media_type};base64,{in_base64(media)}"


def system_text(request: Generate) -> str:
    """The system turns as one text, for dialects that keep it apart from the conversation."""
    return "\n\n".join(message.text for message in request.messages if message.role == "system" and message.text)


def parameters_of(parameters: dict[str, Json]) -> dict[str, Json]:
    """A tool's parameters; those of a tool without any are an empty object."""
    return parameters or {"type": "object", "properties": {}}
