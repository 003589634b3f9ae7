"""From what is asked of a gate to its sides: which release a name means, which code it had, which cases there are.

Knows nothing of how a gate is decided, nor of durability.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from holdfast.errors import NotFound
from holdfast.evals import against
from holdfast.evals.audit import to_ask
from holdfast.evals.cases import cases_of
from holdfast.evals.observed import PASSED
from holdfast.gate import Gate
from holdfast.jobs.asking import GateAsked
from holdfast.release import Release
from holdfast.releases.naming import WORKING
from holdfast.releases.working import WorkingTree

if TYPE_CHECKING:
    from holdfast.app import Project

LIVE = "live"
"""What stands for the release that answers live requests, where none has that name."""


class Baseline(Struct, frozen=True):
    """A release to hold another against, and the code that it was made with, None where that is not known."""

    release: Release
    code_hash: str | None


async def begun(
    project: Project,
    asked: GateAsked,
    candidate: Release,
    *,
    strict: bool = False,
    tenant: str = "",
    gate_id: str | None = None,
) -> Gate:
    """A new gate, kept, with nothing asked yet.

    Raises NotFound (HF200, HF204, HF207), Misconfigured (HF100, HF110, HF111).
    """
    feature = project.feature(asked.feature)
    baseline = await baseline_of(project, asked.against, feature.name)
    kept = await asyncio.to_thread(cases_of, project.config.folder, feature.name, feature.parse)
    cases = to_ask(kept, project.config.evals.audit_share, audit=asked.audit)
    terms = against.Asked(
        against=asked.against,
        baseline=baseline.release,
        candidate=candidate,
        code_hash=baseline.code_hash,
        margin=against.MARGIN if asked.margin is None else asked.margin,
        primary=asked.primary or PASSED,
        slices=asked.slices,
        repeat=asked.repeat,
        strict=strict,
        tenant=tenant,
        gate_id=gate_id,
    )
    return await against.begin(project, feature.name, terms, cases)


async def baseline_of(project: Project, name: str, feature: str) -> Baseline:
    """The release of that name or id; `live`: the promoted one; `working`: the working tree's, without any change.

    Raises NotFound (HF204).
    """
    if name == WORKING:
        return Baseline(WorkingTree(project.config).release(), project.feature(feature).code_hash)
    named = {each.name: each for each in await project.store.releases.named()}
    if name == LIVE and LIVE not in named:
        promoted = await project.store.releases.promotions(1)
        if not promoted or promoted[0].release is None:
            fix = "promote one (holdfast release promote NAME), or name one: holdfast release list"
            raise NotFound("HF204", "no release is promoted: the working tree answers", fix)
        name = promoted[0].release
    for each in named.values():
        if name in (each.name, each.release.id):
            known = each.features.get(feature)
            return Baseline(each.release, None if known is None else known.code)
    return Baseline(await project.store.releases.get(name), None)
