"""Cases as they are typed, or as another tool has them, for a feature. Knows nothing of where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from holdfast.cli.values import input_of
from holdfast.errors import Misconfigured, Refused
from holdfast.evals.cases import check_case
from holdfast.evals.formats import CODECS
from holdfast.evals.formats.carried import Imported, Left, distinct, id_of, items_of, objects
from holdfast.evaluation import Case
from holdfast.records import Json

if TYPE_CHECKING:
    from holdfast.runtime.feature import Feature


def read(text: str, format: str | None, feature: Feature) -> Imported:
    """The cases in a text, their inputs as the feature takes them. Raises Misconfigured (HF111).

    Of another tool's cases, those whose input the feature does not take are left behind and counted.
    """
    if format is None:
        cases = distinct(_case(item) for item in objects(_listed(items_of(text, "JSON")), "JSON"))
        return Imported(cases=tuple(_fitted(case, feature) for case in cases))
    conversational = "messages" in feature.input_schema().get("properties", {})
    found = CODECS[format].read(text, conversational=conversational)
    taken, refused = [], list[str]()
    for case in (_fitted(each, feature) for each in found.cases):
        try:
            check_case(case, f"'{case.id}'", feature.parse)
            taken.append(case)
        except Misconfigured as error:
            refused.append(error.message)
    left = [Left(name="case", count=len(refused), why=f"it cannot be asked, as {refused[0]}")] if refused else []
    return Imported(cases=tuple(taken), left=(*found.left, *left))


def _listed(value: Json) -> Json:
    return [value] if isinstance(value, dict) else value


def _case(item: dict[str, Json]) -> Case:
    try:
        return msgspec.convert({"id": id_of(None, item.get("input")), **item}, Case)
    except msgspec.ValidationError as error:
        fix = f"a case has {', '.join(Case.__struct_fields__)}"
        raise Misconfigured("HF111", f"this is no case: {error}", fix) from error


def _fitted(case: Case, feature: Feature) -> Case:
    """The case with an input that the feature takes, where one text is all that stands in it."""
    texts = list(case.input.values()) if isinstance(case.input, dict) else [case.input]
    if len(texts) != 1 or not isinstance(texts[0], str) or _takes(feature, case.input):
        return case
    try:
        input = input_of(texts[0], feature.input_schema(), feature.name)
    except Refused:
        return case
    return msgspec.structs.replace(case, input=input) if _takes(feature, input) else case


def _takes(feature: Feature, input: Json) -> bool:
    try:
        feature.parse(input)
    except Refused:
        return False
    return True
