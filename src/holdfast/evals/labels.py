"""People's labels as they stand in a file or were given as feedback, and the answers they are of.

Knows nothing of judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from holdfast.contracts import Answered
from holdfast.errors import Misconfigured, NotFound
from holdfast.evals.answered import citations_of, passages_of, text_in
from holdfast.evals.host import Host
from holdfast.evaluation import Case, Evaluation
from holdfast.identity import canonical, digest
from holdfast.judgement import Label
from holdfast.records import Feedback, Passage, Recording
from holdfast.stores import RecordingQuery

_decode = msgspec.json.Decoder(Label).decode
_EXAMPLE = 'write {"recording": "rec_...", "label": true, "by": "ada"}, or "input" and "output" in place of a recording'
_GOOD, _BAD = frozenset({"good", "up", "correct"}), frozenset({"bad", "down", "wrong", "incorrect"})
_NEWEST = 500
"""Live recordings that are looked at for feedback."""


class Item(Struct, frozen=True):
    """One answer that people have labelled: what each of them says, by name."""

    name: str
    answered: Answered
    labels: dict[str, bool]

    @property
    def good(self) -> bool | None:
        """What most say; None where as many say otherwise."""
        votes = Counter(self.labels.values())
        return None if votes[True] == votes[False] else votes[True] > votes[False]


class Labelled(Struct, frozen=True):
    """The answers that count, how many labels do not (`stale`: of another version of the feature, too old, or of a
    recording that is gone), and the hash of them all but those of another version."""

    items: tuple[Item, ...]
    stale: int
    hash: str


def read_labels(file: Path) -> tuple[Label, ...]:
    """The labels of a JSONL file. Raises Misconfigured: HF109 where it cannot be read, HF111 for the first line that is
    wrong, naming it."""
    try:
        lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        message = f"the labels {file} cannot be read: {error.strerror}"
        raise Misconfigured("HF109", message, "write the file, or leave out `labels`") from error
    labels = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                label = _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Misconfigured("HF111", f"{file}:{number}: {error}", _EXAMPLE) from error
            if (label.recording is None) == (label.output is None):
                message = f"{file}:{number}: the label is of no answer, or of two"
                raise Misconfigured("HF111", message, _EXAMPLE)
            labels.append(label)
    return tuple(labels)


async def given_as_feedback(host: Host, feature: str, tenant: str) -> tuple[Label, ...]:
    """What people said of the newest 500 live answers: a score above 0 or a label such as `good`, and the reverse."""
    labels = []
    for summary in await host.store.recordings.find(RecordingQuery(feature=feature, tenant=tenant, limit=_NEWEST)):
        labels += [
            Label(recording=summary.id, label=good, by=feedback.subject or "")
            for feedback in await host.store.feedback.of(summary.id, tenant)
            if (good := _said(feedback)) is not None
        ]
    return tuple(labels)


async def labelled(
    host: Host, labels: Sequence[Label], cases: Mapping[str, Case], evaluation: Evaluation, since: datetime
) -> Labelled:
    """The answers that the labels are of. Labels of one answer come together, the last of each person counts.

    A label of a recording counts while the feature's code is what answered then, and the recording is not of before
    `since`; one of another feature is passed over. The hash has those that have only grown old as well, so that it does
    not change from day to day. Raises Misconfigured (HF111) for a case that is not there.
    """
    found: dict[str, Answered] = {}
    said: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    stale = 0
    for label in labels:
        if label.recording is None:
            if label.case is not None and label.case not in cases and label.input is None:
                message = f"a label is of the case '{label.case}', which is not there"
                raise Misconfigured("HF111", message, "name a case, or write the `input` beside the `output`")
            answered = _given(label, cases)
        else:
            recording = await _recording(host, label.recording, evaluation.tenant)
            if recording is not None and recording.feature != evaluation.feature:
                continue
            if recording is None or recording.code_hash != evaluation.code_hash:
                stale += 1
                continue
            if recording.started_at < since:
                stale += 1
                said[recording.id][label.by] = label.label
                continue
            answered = _recorded(recording, cases.get(label.case or ""))
        name = answered.recording.id
        found[name] = answered
        said[name][label.by] = label.label
    items = tuple(Item(name, answered, said[name]) for name, answered in found.items())
    content = sorted((name, sorted(by.items())) for name, by in said.items())
    return Labelled(items, stale, digest(canonical(content), 16))


def _said(feedback: Feedback) -> bool | None:
    label = (feedback.label or "").strip().lower()
    if label in _GOOD | _BAD:
        return label in _GOOD
    return feedback.score > 0 if feedback.score else None


async def _recording(host: Host, recording_id: str, tenant: str) -> Recording | None:
    try:
        return await host.store.recordings.get(recording_id, tenant)
    except NotFound:
        return None


def _recorded(recording: Recording, case: Case | None) -> Answered:
    return Answered(
        case=case or Case(id=recording.id, input=recording.input),
        recording=recording,
        text=text_in(recording.output),
        citations=citations_of(recording.output),
        passages=passages_of(recording),
    )


def _given(label: Label, cases: Mapping[str, Case]) -> Answered:
    """An answer that stands in the file itself, as a recording that was never made."""
    case = cases.get(label.case or "") or Case(id=label.case or "labelled", input=label.input)
    name = "given_" + digest(canonical([case.id, case.input, label.output, label.passages]), 12)
    recording = Recording(
        id=name, feature="", release="", input=case.input, output=label.output, outcome="ok", ms=0.0,
        started_at=datetime.min.replace(tzinfo=UTC),
    )  # fmt: skip
    passages = tuple(
        Passage(document=f"source-{number}", chunk=f"source-{number}#0", title="", text=text)
        for number, text in enumerate(label.passages, start=1)
    )
    return Answered(
        case=case, recording=recording, text=text_in(label.output), citations=citations_of(label.output),
        passages=passages,
    )  # fmt: skip
