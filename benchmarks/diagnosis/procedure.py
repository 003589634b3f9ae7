"""Holdfast's own diagnosis, as the bench asks for it: with the bench's case and verifier in place of what it finds.

python -m benchmarks.diagnosis --diagnoser benchmarks.diagnosis.procedure:diagnose
"""

from __future__ import annotations

from benchmarks.diagnosis.adapter import Fix, Nominal, Verdict, Verify

from holdfast.app import Project
from holdfast.diagnosis import Verifier
from holdfast.errors import Refused
from holdfast.evals.diagnose import diagnosing
from holdfast.evals.diagnose.asking import beforehand
from holdfast.evaluation import Case


async def diagnose(project: Project, recording_id: str, case: Case, verify: Verify, nominal: Nominal) -> Verdict:
    """The verdict of the procedure on one recording."""
    recording = await project.store.recordings.get(recording_id)
    verifier = Verifier(name="the bench", sensitivity=nominal.sensitivity, specificity=nominal.specificity)
    known = await beforehand(project, recording, case, verify, verifier)
    try:
        found = await diagnosing.diagnose(project, recording, known, diagnosing.Limits())
    except Refused:
        return Verdict(verdict="unknown", parts=(), probability=0.0)
    fixes = tuple(
        Fix(
            changes=fix.changes,
            breaks_low=None if fix.side_effects is None else fix.side_effects.share.low,
            breaks_high=None if fix.side_effects is None else fix.side_effects.share.high,
        )
        for fix in found.fixes
    )
    return Verdict(
        verdict=found.verdict, parts=found.parts, probability=found.probability, fixes=fixes, calls=found.calls
    )
