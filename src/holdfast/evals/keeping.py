"""Recordings become cases in the project's files.

Knows nothing of who asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from holdfast.errors import Misconfigured, NotFound, Refused
from holdfast.evals.case_file import add_cases
from holdfast.evals.cases import cases_file, check_case, read_cases
from holdfast.evals.from_recording import MadeCase, Wanted, as_known, made_case
from holdfast.evaluation import Case
from holdfast.records import Json
from holdfast.stores import Store


class Asked(Protocol):
    """A feature, as far as its cases need it."""

    def parse(self, value: Json) -> object:
        """Raises Refused (HF701) for an input that is not the feature's."""
        ...


class Where(Struct, frozen=True):
    """Where cases of recordings come from and go to. `feature` raises NotFound (HF200) for an unknown one."""

    store: Store
    folder: Path
    feature: Callable[[str], Asked]


class Skipped(Struct, frozen=True):
    """A recording that did not become a case, and why."""

    recording: str
    why: str


class Kept(Struct, frozen=True, kw_only=True):
    """What became of many recordings."""

    made: tuple[MadeCase, ...] = ()
    skipped: tuple[Skipped, ...] = ()


async def case_of(where: Where, recording_id: str, wanted: Wanted, *, tenant: str = "") -> MadeCase:
    """The case of a recording, not yet kept. One of an evaluation takes over what the evaluation's case knows.

    Raises NotFound (HF203), Refused (HF721).
    """
    recording = await where.store.recordings.get(recording_id, tenant)
    feedback = await where.store.feedback.of(recording_id, tenant)
    made = made_case(recording, feedback, wanted)
    if recording.evaluation is None or any(each.correction is not None for each in feedback):
        return made
    known = await _evaluated(where.store, recording.evaluation, recording_id, tenant)
    return made if known is None else as_known(made, known)


async def _evaluated(store: Store, evaluation_id: str, recording_id: str, tenant: str) -> Case | None:
    """The case that an evaluation asked for with this recording; None where neither is known."""
    try:
        results = await store.evaluations.results(evaluation_id, tenant)
        cases = {case.id: case for case in await store.evaluations.cases(evaluation_id, tenant)}
    except NotFound:
        return None
    return next((cases.get(result.case) for result in results if result.recording == recording_id), None)


async def keep(where: Where, made: Sequence[MadeCase]) -> None:
    """Add cases to the files of their features, all of a feature or none.

    Raises as `add_cases` does, and NotFound (HF200).
    """
    for name in dict.fromkeys(each.feature for each in made):
        cases = [each.case for each in made if each.feature == name]
        parse = where.feature(name).parse
        await asyncio.to_thread(add_cases, cases_file(where.folder, name), cases, parse)


async def keep_corrected(where: Where, recording_ids: AsyncIterable[str], wanted: Wanted, *, tenant: str = "") -> Kept:
    """Make a case of every one of these recordings that feedback corrects, and keep them.

    One that is a case already, or that cannot be one, is passed over and named; so it may be run again and again.
    Raises as `keep` does.
    """
    made: list[MadeCase] = []
    skipped: list[Skipped] = []
    known: dict[str, frozenset[str]] = {}
    async for recording_id in recording_ids:
        feedback = await where.store.feedback.of(recording_id, tenant)
        if all(each.correction is None for each in feedback):
            skipped.append(Skipped(recording_id, "no feedback corrects it"))
            continue
        recording = await where.store.recordings.get(recording_id, tenant)
        name = recording.feature
        if name not in known:
            cases = await asyncio.to_thread(read_cases, cases_file(where.folder, name), where.feature(name).parse)
            known[name] = frozenset(case.id for case in cases)
        if recording_id in known[name]:
            skipped.append(Skipped(recording_id, "it is a case already"))
            continue
        try:
            each = made_case(recording, feedback, replace(wanted, id=None))
            check_case(each.case, "as a case", where.feature(name).parse)
        except (Refused, Misconfigured) as error:
            skipped.append(Skipped(recording_id, error.message))
            continue
        made.append(each)
    await keep(where, made)
    return Kept(made=tuple(made), skipped=tuple(skipped))
