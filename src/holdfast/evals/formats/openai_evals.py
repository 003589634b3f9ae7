"""Samples of OpenAI evals: a chat or an `item` as the input, the ideal answer as what is expected.

Knows nothing of graders, which stand in other files than samples do.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from holdfast.evals.formats.carried import (
    OWN,
    Exported,
    Imported,
    Tally,
    completed,
    distinct,
    id_of,
    items_of,
    metadata_of,
    note_own,
    objects,
    own_fields,
)
from holdfast.evaluation import Case
from holdfast.records import Json

NAME = "openai-evals"
_IDEALS = ("ideal", "expected", "expected_output", "reference_answer", "ground_truth", "correct_label")
"""Under which names an item says what is right; the API leaves the name to whoever writes the file."""
_ROLES = ("user", "assistant", "system", "developer", "tool")


class OpenAIEvals:
    """Reads and writes samples one a line: `{"input": [...], "ideal": ...}`; reads `{"item": {...}}` as well."""

    def read(self, text: str, *, conversational: bool = False) -> Imported:
        """See `Codec`."""
        tally = Tally()
        content = items_of(text, NAME)
        cases = []
        for sample in objects([content] if isinstance(content, dict) else content, NAME):
            item = sample.get("item")
            if isinstance(item, dict):
                tally.note_keys(sample, ("item",), "", "a case has no such field")
                cases.append(_of_item(item, tally))
            elif "input" in sample:
                cases.append(_of_sample(sample, tally, conversational=conversational))
            else:
                tally.note("sample", "it has neither input nor item")
        return Imported(cases=distinct(cases), left=tally.left)

    def write(self, cases: Sequence[Case], feature: str) -> Exported:
        """See `Codec`. An input that is no text stands as JSON in the user's turn."""
        del feature
        tally = Tally()
        lines = [msgspec.json.encode(_sample(case, tally)).decode() for case in cases]
        return Exported(text="".join(f"{line}\n" for line in lines), left=tally.left)


def _of_item(item: dict[str, Json], tally: Tally) -> Case:
    name = next((name for name in _IDEALS if name in item), None)
    input = {key: value for key, value in item.items() if key not in (name, "id")}
    fields = {"id": id_of(item.get("id"), input), "input": input, "expected": None if name is None else item[name]}
    return completed(fields, None, tally, "mend that item")


def _of_sample(sample: dict[str, Json], tally: Tally, *, conversational: bool) -> Case:
    tally.note_keys(sample, ("input", "ideal", "id", "metadata"), "sample.", "a case has no such field")
    metadata = sample.get("metadata")
    ours = isinstance(metadata, dict) and isinstance(metadata.get(OWN), dict) and "input" in metadata[OWN]
    input = None if ours else _input(sample["input"], tally, conversational=conversational)
    ideal = sample.get("ideal")
    if isinstance(ideal, list):
        if len(ideal) > 1:
            tally.note("ideal", "a case expects one answer; the first was taken", len(ideal) - 1)
        ideal = ideal[0] if ideal else None
    fields = {"id": id_of(sample.get("id"), sample["input"]), "input": input, "expected": ideal}
    return completed(fields, metadata, tally, "mend that sample")


def _input(asked: Json, tally: Tally, *, conversational: bool) -> Json:
    """A text, or the turns of a chat: whole where the feature takes them, else the user's last."""
    if not (isinstance(asked, list) and asked and all(_is_turn(turn) for turn in asked)):
        return asked
    turns = [{"role": turn["role"], "text": _text(turn["content"], tally)} for turn in asked]
    if conversational:
        return {"messages": turns}
    last = max((at for at, turn in enumerate(turns) if turn["role"] == "user"), default=len(turns) - 1)
    for at, turn in enumerate(turns):
        if at != last:
            tally.note(f"input.{turn['role']}", "the feature takes one text, and has a prompt of its own")
    return turns[last]["text"]


def _is_turn(turn: Json) -> bool:
    return isinstance(turn, dict) and turn.get("role") in _ROLES and isinstance(turn.get("content"), str | list)


def _text(content: Json, tally: Tally) -> str:
    """The text of a turn; its other parts are counted."""
    if isinstance(content, str):
        return content
    texts = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            texts.append(text)
        else:
            tally.note("input part", "it is no text")
    return "\n".join(texts)


def _sample(case: Case, tally: Tally) -> dict[str, Json]:
    """A case as a sample."""
    own = own_fields(case, ("facts", "gold", "must_pass", "calls", "recording"))
    note_own(tally, own, NAME)
    if case.id.strip() != case.id:
        own["id"] = case.id
    text = case.input
    if not isinstance(case.input, str):
        own["input"] = case.input
        text = msgspec.json.encode(case.input).decode()
    sample: dict[str, Json] = {"id": case.id, "input": [{"role": "user", "content": text}]}
    if isinstance(case.expected, str):
        sample["ideal"] = case.expected
    elif case.expected is not None:
        own["expected"] = case.expected
        sample["ideal"] = msgspec.json.encode(case.expected).decode()
    else:
        tally.note("ideal", "the case expects no certain answer, and graders that match one will not take it")
    if metadata := metadata_of(case, own):
        sample["metadata"] = metadata
    return sample
