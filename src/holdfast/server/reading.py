"""Who may read what another subject was answered, and have it asked again on that subject's behalf.

Knows nothing of keys; what rests on documents that everybody may see is for everybody of the tenant.
"""

from __future__ import annotations

from holdfast.errors import Refused
from holdfast.records import Recording, Retrieve
from holdfast.runtime.tape import rests_on_hidden
from holdfast.runtime.who import Who
from holdfast.server.needs import Project


def may_read(project: Project, recording: Recording, who: Who) -> bool:
    """Whether a recording found nothing by rights that its reader lacks, and that the reader may not see now."""
    lacking = {one for step in recording.steps if isinstance(step.effect, Retrieve) for one in step.effect.principals}
    if who.for_any or lacking <= set(who.principals):
        return True
    return next(rests_on_hidden(recording, who.principals, project.corpora.still_visible), None) is None


def check_read(project: Project, recording: Recording, who: Who) -> None:
    """Raises Refused (HF704) where `may_read` says no."""
    if not may_read(project, recording, who):
        raise _refused("this recording rests on documents that the key may not see", recording)


def check_repeat(project: Project, recording: Recording, who: Who) -> None:
    """A replay searches as the recording's subject. Raises Refused (HF704) where the caller may see less."""
    check_read(project, recording, who)
    may = project.who(recording.subject, recording.tenant).principals
    if not who.for_any and not set(may) <= set(who.principals):
        raise _refused("a replay of this recording may find documents that the key may not see", recording)


def _refused(said: str, recording: Recording) -> Refused:
    whose = f"a key with the groups of '{recording.subject}'"
    fix = f"use {whose}, or one that may act for any: holdfast keys create NAME --scope act-as"
    return Refused("HF704", said, fix)
