"""The page of recordings, from the structs they are made of. Knows nothing of where they are kept."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import msgspec
from msgspec import Struct

from holdfast import records as nouns
from holdfast.identity import content_of, key_of
from tools.reference.markdown import page, prose, table


def records() -> str:
    """Every value a recording is made of, and one whole recording as JSON."""
    effects, results = get_args(nouns.Effect), get_args(nouns.Result)
    first = (nouns.Recording, nouns.Step, nouns.Attempt, nouns.Usage, nouns.Degraded, nouns.Blocked, nouns.Failure)
    shown_already = {*effects, *results, *first, nouns.Done}
    rest = [
        kind
        for kind in vars(nouns).values()
        if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == nouns.__name__
        if kind not in shown_already
    ]
    parts = [f"## {first[0].__name__}", struct(first[0]), "As JSON:", example()]
    parts += [part for kind in first[1:] for part in (f"## {kind.__name__}", struct(kind))]
    parts.append("## Effects\n\nThe `effect` of a step; `kind` says which.")
    parts += [f"### {tag(kind)}\n\n{struct(kind)}" for kind in effects]
    parts.append("## Results\n\nThe `result` of a step; `kind` says which.")
    parts += [f"### {tag(kind)}\n\n{struct(kind)}" for kind in results]
    parts.append("## Values inside them")
    parts += [f"### {kind.__name__}\n\n{struct(kind)}" for kind in rest]
    intro = (
        "A recording is a request from input to outcome. This is its JSON, as `GET /v1/recordings/{id}` and "
        "`holdfast recordings show ID --json` give it and as an export holds it. Times are RFC 3339 in UTC, "
        "durations are milliseconds, costs are US dollars; a cost that is not known is null, never 0. A field that "
        "has its default may be absent. Fields are added over time, never renamed."
    )
    return page("Recordings", intro, parts)


def tag(kind: type[Struct]) -> str:
    return f"`{kind.__struct_config__.tag}`"


def struct(kind: type[Struct]) -> str:
    rows = list(fields(kind))
    said = [text for text in (prose(kind),) if text]
    return "\n\n".join([*said, table(("field", "type", "default"), rows) if rows else "No fields but `kind`."])


def fields(kind: type[Struct]) -> Iterator[tuple[str, str, str]]:
    annotations: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        annotations |= inspect.get_annotations(base)
    for field in msgspec.structs.fields(kind):
        default = "required"
        if field.default is not msgspec.NODEFAULT:
            default = f"`{msgspec.json.encode(field.default).decode()}`"
        elif field.default_factory is not msgspec.NODEFAULT:
            default = f"`{msgspec.json.encode(field.default_factory()).decode()}`"
        yield f"`{field.name}`", f"`{annotations[field.name]}`", default


def example() -> str:
    at = datetime(2025, 10, 2, 9, 30, tzinfo=UTC)
    effect = nouns.Retrieve(corpus="help_center@v12", query="How do I get a refund?", search=nouns.Search(k=1))
    passage = nouns.Passage(document="refunds", chunk="refunds#0", title="Refunds", text="Within 30 days.", score=0.81)
    step = nouns.Step(
        key=key_of(content_of(effect), 0),
        effect=effect,
        result=nouns.Retrieved(passages=(passage,)),
        ms=2.4,
        started_at=at,
    )
    recording = nouns.Recording(
        id="rec_01k6hxm0v8e3c2j5q7r9t1w3y5",
        feature="answer_ticket",
        release="r_3f9c1a7be204",
        input={"body": "How do I get a refund?"},
        output={"text": "Within 30 days. [1]"},
        outcome="ok",
        steps=(step,),
        cost_usd=0.0,
        ms=3.1,
        started_at=at,
        code_hash="7d1f0a92c4b85e36",
    )
    return f"```json\n{msgspec.json.format(msgspec.json.encode(recording), indent=2).decode()}\n```"
