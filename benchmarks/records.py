"""What a recording costs as msgspec structs, against frozen dataclasses with pydantic, in the same run.

    python benchmarks/records.py

Both read and write the same JSON, with the same tagged unions. Prints, and writes the figures with the machine's name
under benchmarks/results. A ratio is the dataclasses' time to the structs' time: above 1, the structs are quicker.
"""

from __future__ import annotations

import dataclasses
import json
import platform
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from pydantic import Field, TypeAdapter

from holdfast import records
from holdfast.identity import content_of, key_of, recording_from_json, to_json

AT = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "the coffee machine on the third floor must be descaled every four weeks or it stops brewing and says so. "


def text(count: int) -> str:
    """So many words, or one more."""
    return " ".join((TEXT * (count // 20 + 1)).split()[:count])


def recording() -> records.Recording:
    """About 4 kB of JSON: one search, one generation, one verdict."""
    passages = tuple(
        records.Passage(document=f"doc-{at}", chunk=f"doc-{at}#0", title=text(5), text=text(60), score=0.5)
        for at in range(2)
    )
    asked = records.Message(role="user", text=text(30) + "\n\n" + "\n\n".join(each.text for each in passages))
    effects: list[tuple[records.Effect, records.Result]] = [
        (records.Retrieve(corpus="help_center@v12", query=text(12)), records.Retrieved(passages=passages)),
        (
            records.Generate(slot="answer", models=("openai:gpt-5-mini", "extractive"), messages=(asked,)),
            records.Generated(text=text(50), model="openai:gpt-5-mini", rung=0),
        ),
        (
            records.Check(guard="grounded", family="grounded", text=text(50), sources=(text(40),)),
            records.Checked(verdict=records.Verdict(guard="grounded", passed=True, score=0.93)),
        ),
    ]
    steps = tuple(
        records.Step(key=key_of(content_of(effect), 0), effect=effect, result=result, ms=12.5, started_at=AT)
        for effect, result in effects
    )
    return records.Recording(
        id="rec_01k6hxm0v8e3c2j5q7r9t1w3y5",
        feature="answer_ticket",
        release="r_3f9c1a7be204",
        input={"body": text(12)},
        output={"text": text(50), "citations": []},
        outcome="ok",
        steps=steps,
        cost_usd=0.0012,
        ms=840.2,
        started_at=AT,
    )


def twin(kind: Any, made: dict[Any, Any]) -> Any:
    """The type with every struct in it replaced by a frozen, slotted dataclass with the same fields."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        if kind not in made:
            hints = get_type_hints(kind)
            fields = [
                (field.name, twin(hints[field.name], made), default(field)) for field in msgspec.structs.fields(kind)
            ]
            if kind.__struct_config__.tag:
                label = kind.__struct_config__.tag
                fields.append(("kind", Literal[label], dataclasses.field(default=label)))
            made[kind] = dataclasses.make_dataclass(kind.__name__, fields, frozen=True, slots=True, kw_only=True)
        return made[kind]
    parts = get_args(kind)
    if not parts or get_origin(kind) is Literal:
        return kind
    if get_origin(kind) in (tuple, dict):
        return get_origin(kind)[tuple(twin(part, made) for part in parts)]
    union = Union[tuple(twin(part, made) for part in parts)]  # noqa: UP007  # built from a tuple
    tagged = all(isinstance(part, type) and issubclass(part, Struct) for part in parts)
    return Annotated[union, Field(discriminator="kind")] if tagged else union


def default(field: Any) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return dataclasses.field(default_factory=field.default_factory)
    return dataclasses.field() if field.default is msgspec.NODEFAULT else dataclasses.field(default=field.default)


def us(work: Callable[[], object], number: int = 2000) -> float:
    """Microseconds of one call, the best of seven rounds."""
    return min(timeit.repeat(work, number=number, repeat=7)) / number * 1e6


def main() -> None:
    ours = recording()
    data = to_json(ours)
    made: dict[Any, Any] = {}
    adapter: TypeAdapter[Any] = TypeAdapter(twin(records.Recording, made))
    theirs = adapter.validate_json(data)
    assert recording_from_json(adapter.dump_json(theirs)) == ours
    passage = {"document": "d", "chunk": "c", "title": "t", "text": "x", "score": 0.5}
    structs = {
        "write": us(lambda: to_json(ours)),
        "read": us(lambda: recording_from_json(data)),
        "make one value": us(lambda: records.Passage(**passage), 20_000),
    }
    dataclasses_ = {
        "write": us(lambda: adapter.dump_json(theirs)),
        "read": us(lambda: adapter.validate_json(data)),
        "make one value": us(lambda: made[records.Passage](**passage), 20_000),
    }
    other = {
        "write, dataclasses with msgspec": us(lambda: msgspec.json.encode(theirs)),
        "write, dataclasses with asdict and json": us(lambda: json.dumps(dataclasses.asdict(theirs), default=str), 300),
        "read without types, msgspec": us(lambda: msgspec.json.decode(data)),
        "read without types, json": us(lambda: json.loads(data)),
    }
    report = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "json_bytes": len(data),
        "structs_us": {name: round(value, 2) for name, value in structs.items()},
        "dataclasses_us": {name: round(value, 2) for name, value in dataclasses_.items()},
        "other_us": {name: round(value, 2) for name, value in other.items()},
        "ratio": {name: round(dataclasses_[name] / structs[name], 1) for name in structs},
    }
    written = json.dumps(report, indent=1)
    print(written)
    (Path(__file__).parent / "results" / "records.json").write_text(written + "\n")


if __name__ == "__main__":
    main()
