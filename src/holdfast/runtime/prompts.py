"""Prompts: a Jinja2 file with front matter becomes messages.

Knows nothing of models. `{% block system %}` and `{% block user %}` become messages of those roles; a prompt without
blocks is one user message. Roles come from blocks alone, so a value cannot forge a turn of the conversation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from pydantic import BaseModel

from holdfast.errors import Misconfigured
from holdfast.identity import digest
from holdfast.records import File, Json, Media, Message, Passage
from holdfast.release import Prompt

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

DEFAULT = Prompt(
    path="(default)",
    hash="default",
    text=(
        "{% block user %}{% for name, value in values.items() %}## {{ name }}\n"
        "{{ value | shown }}\n\n{% endfor %}{% endblock %}"
    ),
)
_OF_A_FILE = frozenset(File.__struct_fields__)
ROLES: tuple[Literal["system", "user", "assistant"], ...] = ("system", "user", "assistant")


def read_prompt(folder: Path, path: str) -> Prompt:
    """The prompt file at `path` under `folder`. Raises Misconfigured (HF103) when it cannot be read or parsed."""
    file = folder / path
    try:
        raw = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            "HF103", f"the prompt {file} cannot be read: {error}", "create the file, or mend `prompt =`"
        ) from error
    prompt = Prompt(path=path, hash=digest(raw.encode(), 16), text=without_front_matter(raw))
    _template(prompt.text, path)
    return prompt


def without_front_matter(raw: str) -> str:
    """The text below a leading `---` block; the whole text where there is none."""
    if not raw.startswith("---\n"):
        return raw
    _, mark, body = raw[4:].partition("\n---\n")
    return body.lstrip("\n") if mark else raw


def render(prompt: Prompt, values: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages of a prompt. Raises Misconfigured (HF103) naming a variable the feature does not give."""
    from jinja2 import TemplateError

    template = _template(prompt.text, prompt.path)
    try:
        if not template.blocks:
            return (Message(role="user", text=template.render(values=values, **values).strip()),)
        scope = template.new_context({"values": values, **values})
        blocks = ((role, template.blocks[role]) for role in ROLES if role in template.blocks)
        texts = ((role, "".join(block(scope)).strip()) for role, block in blocks)
        return tuple(Message(role=role, text=text) for role, text in texts if text)
    except TemplateError as error:
        given = ", ".join(values) or "none"
        raise Misconfigured(
            "HF103", f"the prompt {prompt.path} cannot be rendered: {error}", f"it may use the values given: {given}"
        ) from error


def sources_of(values: Mapping[str, Any]) -> tuple[Passage, ...]:
    """Every passage among the values, in order: what an answer may rest on and cite."""
    return tuple(
        item
        for value in values.values()
        for item in ([value] if isinstance(value, Passage) else value if isinstance(value, list | tuple) else [])
        if isinstance(item, Passage)
    )


def with_files(messages: tuple[Message, ...], values: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages, with every file among the values attached behind the text of the last user message.

    Where no message is a user's, one is added.
    """
    files = [file for value in values.values() for file in _files(value)]
    if not files:
        return messages
    at = max((place for place, message in enumerate(messages) if message.role == "user"), default=len(messages))
    asked = messages[at] if at < len(messages) else Message(role="user")
    media = tuple(
        Media(media_type=file.media_type, data=file.data, name=file.name, at=len(asked.text)) for file in files
    )
    asked = msgspec.structs.replace(asked, media=(*asked.media, *media))
    return (*messages[:at], asked, *messages[at + 1 :])


def _files(value: Any) -> Iterator[File]:
    if isinstance(value, File):
        yield value
    elif isinstance(value, BaseModel):
        yield from _files(list(value.__dict__.values()))
    elif isinstance(value, Mapping):
        yield from _files(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _files(item)


def question_of(values: Mapping[str, Any]) -> str:
    """What is asked: every text among the values that is not a passage, in order."""
    return "\n".join(text for value in values.values() for text in _texts(value)).strip()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts(list(value.__dict__.values()))
    elif isinstance(value, Message):
        yield value.text
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            yield from _texts(item)


def _sources(passages: Sequence[Passage]) -> str:
    """Passages as numbered sources, for a prompt: `[1] Title > Heading` and the text."""
    return "\n\n".join(
        f"[{number}] {' > '.join(part for part in (passage.title, *passage.headings) if part)}\n{passage.text}"
        for number, passage in enumerate(passages, start=1)
    )


def _shown(value: Any) -> str:
    """A value as a reader would want it: text as it is, passages as sources, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(item, Passage) for item in value):
        return _sources(value)
    return json.dumps(_plain(value), ensure_ascii=False, indent=2)


def _plain(value: Any) -> Json:
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else msgspec.to_builtins(value)
    return _named(plain) if next(_files(value), None) is not None else plain


def _named(value: Json) -> Json:
    """JSON in which every file is only named: its bytes are attached to the message, and no text."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    if {"media_type", "data"} <= value.keys() <= _OF_A_FILE:
        return str(msgspec.convert(value, File))
    return {name: _named(item) for name, item in value.items()}


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters.update(sources=_sources, shown=_shown)
    return environment


@lru_cache(maxsize=256)
def _template(text: str, path: str) -> Template:
    from jinja2 import TemplateSyntaxError

    try:
        return _environment().from_string(text)
    except TemplateSyntaxError as error:
        raise Misconfigured(
            "HF103",
            f"the prompt {path} has a mistake in line {error.lineno}: {error.message}",
            "mend the Jinja2 in that line",
        ) from error
