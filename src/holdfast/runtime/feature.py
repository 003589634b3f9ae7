"""A feature: a plain async function with a name, typed input and output, and a bar to reach.

Knows nothing of how it is run.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from holdfast.errors import Misconfigured, Refused
from holdfast.identity import canonical, digest
from holdfast.records import Json
from holdfast.runtime.code import CodeFacts, code_facts

FeatureFunction = Callable[..., Awaitable[Any]]
AT_MOST = MappingProxyType({"p50_ms": "ms", "p95_ms": "ms", "p99_ms": "ms", "cost_usd": "USD"})
DERIVED = frozenset({"_macro_f1", "_ece", "_brier", "_flip_rate", "_control_rate"})
"""How the names of measures end that follow from all scores of a scorer together."""
_LOWER_IS_BETTER = ("_ece", "_brier", "_flip_rate", "_control_rate")


def at_most(measure: str) -> bool:
    """Whether a limit of the measure is an upper one."""
    return measure in AT_MOST or measure.endswith(_LOWER_IS_BETTER)


@dataclass(frozen=True, slots=True, init=False)
class Bar:
    """What a feature must reach: scorers by name.

    `p50_ms`, `p95_ms`, `p99_ms`, `cost_usd`, and measures that end in `_ece`, `_brier`, `_flip_rate` or
    `_control_rate`, are upper limits; all others are the least share or score, in 0..1.
    `slices` are tags of cases that matter by themselves: a gate judges each of them too.
    """

    limits: dict[str, float]
    slices: tuple[str, ...]

    def __init__(self, *, slices: Sequence[str] = (), **limits: float) -> None:
        if isinstance(slices, str):
            raise Misconfigured("HF110", f"slices={slices!r} is one text", f"give a list of tags: slices=[{slices!r}]")
        for name, limit in limits.items():
            least_allowed = isinstance(limit, int | float) and limit >= 0
            if not least_allowed or (name not in AT_MOST and limit > 1):
                raise Misconfigured(
                    "HF110",
                    f"the bar {name}={limit!r} cannot be reached or missed",
                    f"give {name} a number from 0 to 1",
                )
        object.__setattr__(self, "limits", dict(limits))
        object.__setattr__(self, "slices", tuple(slices))


@dataclass(frozen=True, slots=True)
class Feature:
    """What `@app.feature` declares. `facts` are read from the code once, when it is declared."""

    name: str
    fn: FeatureFunction
    input_type: Any
    output_type: Any
    bar: Bar | None
    doc: str
    facts: CodeFacts
    code_hash: str
    _input: TypeAdapter[Any] = field(repr=False)
    _output: TypeAdapter[Any] = field(repr=False)

    def parse(self, value: Json) -> Any:
        """The input as the function takes it. Raises Refused (HF701) naming every field that is wrong."""
        try:
            return self._input.validate_python(value)
        except ValidationError as error:
            raise Refused(
                "HF701",
                f"the input does not match feature '{self.name}': {problems(error)}",
                f"see GET /v1/features for the schema of '{self.name}'",
            ) from error

    def dump(self, value: Any) -> Json:
        """The output as JSON. Raises pydantic's ValidationError when the function returned something else."""
        return self._output.dump_python(self._output.validate_python(value), mode="json")

    def input_schema(self) -> dict[str, Json]:
        return self._input.json_schema()

    def output_schema(self) -> dict[str, Json]:
        return self._output.json_schema(mode="serialization")

    def blank_output(self, text: str) -> Json:
        """An output that says only `text`; None where the output's type has more that must be said."""
        candidate: Json = text if self.output_type is str else {"text": text}
        if isinstance(self.output_type, type) and issubclass(self.output_type, BaseModel):
            fields = self.output_type.model_fields
            if "text" not in fields:
                return None
            candidate |= {name: [] for name in ("citations",) if name in fields and fields[name].is_required()}
        try:
            return self.dump(candidate)
        except ValidationError:
            return None


def problems(error: ValidationError) -> str:
    """Each thing pydantic found wrong: where, and what."""
    found = [
        f"{'.'.join(str(part) for part in item['loc']) or 'the value'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)
    ]
    return "; ".join(found[:8]) + (f"; and {len(found) - 8} more" if len(found) > 8 else "")


def declare(fn: FeatureFunction, *, name: str | None = None, bar: Bar | None = None) -> Feature:
    """The feature of `async def f(ctx, input: In) -> Out`. Raises Misconfigured (HF110) for any other shape."""
    label = name or fn.__name__
    if not inspect.iscoroutinefunction(fn):
        raise Misconfigured("HF110", f"feature '{label}' is not an async function", f"write: async def {label}(...)")
    parameters = list(inspect.signature(fn).parameters.values())
    hints = get_type_hints(fn)
    if len(parameters) != 2 or parameters[1].name not in hints or "return" not in hints:
        raise Misconfigured(
            "HF110",
            f"feature '{label}' must take a context and one typed input, and say what it returns",
            f"write: async def {label}(ctx: hf.Context, ticket: Ticket) -> Reply:",
        )
    input_type, output_type = hints[parameters[1].name], hints["return"]
    adapter_in: TypeAdapter[Any] = TypeAdapter(input_type)
    adapter_out: TypeAdapter[Any] = TypeAdapter(output_type)
    facts = code_facts(fn)
    schemas = canonical([adapter_in.json_schema(), adapter_out.json_schema(mode="serialization")])
    return Feature(
        name=label,
        fn=fn,
        input_type=input_type,
        output_type=output_type,
        bar=bar,
        doc=inspect.getdoc(fn) or "",
        facts=facts,
        code_hash=digest(facts.hash.encode() + schemas, 16),
        _input=adapter_in,
        _output=adapter_out,
    )
