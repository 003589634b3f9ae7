"""What the store answers when it cannot do what is asked: every error it raises, in one place.

Knows nothing of how it came to that.
"""

from __future__ import annotations

import sqlite3

import msgspec

from holdfast.errors import NotFound, Refused, StoreFailed

UNWRITABLE = (TypeError, ValueError, ArithmeticError, RecursionError, msgspec.MsgspecError)
"""What encoding a value raises that is not JSON, or text that is not Unicode."""

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DISK = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_IOERR,
    }
)


def database_fault(error: Exception) -> StoreFailed:
    """The StoreFailed for an error of SQLite: HF601 for the disk, HF600 for anything else."""
    family = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte of an extended code
    if family in _BUSY:
        return StoreFailed(
            "HF600",
            f"another process kept the database locked for too long ({error})",
            "find the process that holds it (a backup, a shell with an open transaction), end it, and try again",
        )
    if family in _DISK:
        return disk_fault(error)
    return StoreFailed(
        "HF600",
        f"the database did not take or give something ({error})",
        "run 'holdfast doctor'; if the file is damaged, restore it from a backup",
    )


def disk_fault(error: Exception) -> StoreFailed:
    """The StoreFailed for a disk that is full, or for a folder that cannot be written."""
    return StoreFailed(
        "HF601",
        f"the disk or the storage is full or not writable ({error})",
        "free some space, and let this user write to the folders of database_url and storage_url",
    )


def newer(found: int, newest: int) -> StoreFailed:
    """The StoreFailed for a database that a newer Holdfast has changed."""
    return StoreFailed(
        "HF602",
        f"the database is at version {found}; this Holdfast knows versions up to {newest}",
        "install the Holdfast that wrote it or a newer one (pip install --upgrade holdfast),"
        " or name another database_url",
    )


def damaged(recording_id: str, what: str) -> StoreFailed:
    """The StoreFailed for a recording that is there but cannot be read back."""
    return StoreFailed(
        "HF603",
        f"the recording '{recording_id}' is damaged: {what}",
        "restore the database and the storage folder from one backup, and check the disk",
    )


def closed() -> StoreFailed:
    """The StoreFailed for a store that is asked after it was closed."""
    return StoreFailed("HF600", "the store is closed", "open it again with open_store()")


def doubtful() -> StoreFailed:
    """The StoreFailed for a change whose commit nobody can know of. A recording is simply kept again."""
    return StoreFailed(
        "HF600",
        "the connection to the database broke while this was committed: it may have been done, or not",
        "see whether it was; if not, ask again",
    )


def unwritable(what: str, error: Exception) -> StoreFailed:
    """The StoreFailed for a value that cannot be written down."""
    return StoreFailed(
        "HF600",
        f"{what} cannot be written as JSON ({error})",
        "give and return JSON values only: no NaN or infinity, no lone surrogates, at most 900 levels deep",
    )


def no_recording(recording_id: str) -> NotFound:
    """The NotFound for a recording that is not there, or not this tenant's."""
    return NotFound(
        "HF203",
        f"there is no recording '{recording_id}'",
        "list what there is with: holdfast recordings list",
    )


def no_evaluation(evaluation_id: str) -> NotFound:
    """The NotFound for an evaluation that is not there, or not this tenant's."""
    return NotFound(
        "HF208",
        f"there is no evaluation '{evaluation_id}'",
        "list what there is with: GET /v1/evaluations",
    )


def no_gate(gate_id: str) -> NotFound:
    """The NotFound for a gate that is not there, or not this tenant's."""
    return NotFound("HF211", f"there is no gate '{gate_id}'", "list what there is with: GET /v1/gates")


def no_certificate(certificate_id: str) -> NotFound:
    """The NotFound for a certificate that is not there, or not this tenant's."""
    return NotFound(
        "HF213",
        f"there is no certificate '{certificate_id}'",
        "list what there is with: GET /v1/certificates",
    )


def no_trial(trial_id: str) -> NotFound:
    """The NotFound for a trial that is not there, or not this tenant's."""
    return NotFound("HF210", f"there is no trial '{trial_id}'", "list what there is with: GET /v1/trials")


def no_diagnosis(diagnosis_id: str) -> NotFound:
    """The NotFound for a diagnosis that is not there, or not this tenant's."""
    return NotFound("HF214", f"there is no diagnosis '{diagnosis_id}'", "list what there is with: GET /v1/diagnoses")


def no_key(key_id: str) -> NotFound:
    """The NotFound for a key that is not there."""
    return NotFound("HF205", f"there is no key '{key_id}'", "list the keys with: holdfast keys list")


def key_taken(key_id: str) -> StoreFailed:
    """The StoreFailed for a second key with the id of another."""
    return StoreFailed("HF600", f"there is another key with the id '{key_id}'", "create a key with an id of its own")


def name_taken(name: str) -> Refused:
    """The Refused for a second release with the name of another."""
    return Refused(
        "HF710",
        f"there is another release '{name}', and a name never moves",
        f"create it under another name; see what differs with: holdfast release diff {name} working",
    )


def nothing_before() -> NotFound:
    """The NotFound for a rollback where nothing is promoted."""
    return NotFound(
        "HF204",
        "there is no release to roll back: the working tree answers",
        "promote one: holdfast release promote NAME",
    )


def no_job(job_id: str) -> NotFound:
    """The NotFound for a job that is not there, or not this tenant's."""
    return NotFound("HF209", f"there is no job '{job_id}'", "list the jobs with: holdfast jobs list")
