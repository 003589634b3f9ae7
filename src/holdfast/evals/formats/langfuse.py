"""Items of a Langfuse dataset, as its API gives them and takes them: input, expected output, metadata.

Knows nothing of recordings that an item was made from, which stay behind.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from holdfast.evals.formats.carried import (
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

NAME = "langfuse"
_EXPECTED = ("expectedOutput", "expected_output")
_KNOWN = ("id", "input", "metadata", "status", "datasetName", *_EXPECTED)


class Langfuse:
    """Reads items one a line, in a list, or in a page of the API; writes one a line, for `POST dataset-items`."""

    def read(self, text: str, *, conversational: bool = False) -> Imported:
        """See `Codec`. Archived items are left behind."""
        del conversational
        tally = Tally()
        content = items_of(text, NAME)
        if isinstance(content, dict):
            page = content.get("data", content.get("items"))
            content = page if isinstance(page, list) else [content]
        cases = []
        for item in objects(content, NAME):
            if item.get("status") == "ARCHIVED":
                tally.note("item", "it is archived")
                continue
            tally.note_keys(item, _KNOWN, "item.", "a case has no such field")
            fields = {
                "id": id_of(item.get("id"), item.get("input")),
                "input": item.get("input"),
                "expected": next((item[name] for name in _EXPECTED if name in item), None),
            }
            cases.append(completed(fields, item.get("metadata"), tally, "mend that item"))
        return Imported(cases=distinct(cases), left=tally.left)

    def write(self, cases: Sequence[Case], feature: str) -> Exported:
        """See `Codec`. The dataset has the feature's name."""
        tally = Tally()
        lines = []
        for case in cases:
            own = own_fields(case, ("facts", "gold", "must_pass", "calls", "recording"))
            note_own(tally, own, NAME)
            if case.id.strip() != case.id:
                own["id"] = case.id
            item = {"datasetName": feature, "id": case.id, "input": case.input}
            item |= {} if case.expected is None else {"expectedOutput": case.expected}
            metadata = metadata_of(case, own)
            item |= {"metadata": metadata} if metadata else {}
            lines.append(msgspec.json.encode(item).decode())
        return Exported(text="".join(f"{line}\n" for line in lines), left=tally.left)
