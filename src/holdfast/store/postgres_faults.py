"""What the store answers when PostgreSQL does not do what is asked, by the server's SQLSTATE.

Knows nothing of the driver beyond that an error of it may carry one. Source of the codes: PostgreSQL's appendix A.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from holdfast.errors import StoreFailed
from holdfast.store.faults import disk_fault

_BY_STATE: Mapping[str, tuple[str, str]] = {
    "28": ("PostgreSQL does not let this user in", "check the user and the password in database_url"),
    "3D": ("there is no such database", "create it (createdb NAME), or name another in database_url"),
    "42501": (
        "the database user may not do that",
        "let it make and write tables: GRANT CREATE, USAGE ON SCHEMA public TO the user of database_url",
    ),
    "53300": ("PostgreSQL takes no more connections", "raise its max_connections, or serve with fewer workers"),
    "55P03": (
        "another process kept the database locked for too long",
        "find the process that holds it in pg_stat_activity, end it, and try again",
    ),
    "57014": (
        "PostgreSQL stopped a statement that took too long",
        "see what it is busy with in pg_stat_activity, and try again; statement_timeout may be set in database_url",
    ),
    "25006": ("the database takes no writes", "name the primary in database_url, not a standby"),
}
_AT_THE_DOOR: Mapping[str, str] = {
    r'FATAL: +database ".*" does not exist': "3D",
    r'FATAL: +role ".*" does not exist|password authentication failed|no password supplied|no pg_hba\.conf entry': "28",
    r"too many clients already|remaining connection slots": "53300",
}
"""What a server says, in English, when it refuses a connection: the client library passes on no SQLSTATE then."""

_GONE = ("08", "57P", "25P03")
_DISK = ("53100", "58030")
_OF_ONE_CHANGE = ("22", "23", "54")
"""Data that cannot be represented, a constraint, a limit such as the length of an indexed text."""


def postgres_fault(error: Exception) -> StoreFailed:
    """The StoreFailed for an error of psycopg: HF601 for the server's disk, HF600 for anything else."""
    said = " ".join(str(error).split())
    at_the_door = (state for pattern, state in _AT_THE_DOOR.items() if re.search(pattern, said))
    state = getattr(error, "sqlstate", None) or next(at_the_door, "")
    if state in _DISK:
        return disk_fault(error)
    for known, (what, fix) in _BY_STATE.items():
        if state.startswith(known):
            return StoreFailed("HF600", f"{what} ({said})", fix)
    if not state or state.startswith(_GONE):
        return StoreFailed(
            "HF600",
            f"the database cannot be reached, or broke off ({said})",
            "start PostgreSQL, or mend host, port, user or database in database_url; Holdfast connects by itself then",
        )
    return StoreFailed("HF600", f"the database did not take or give something ({said})", "run 'holdfast doctor'")


def refuses_one(error: Exception) -> bool:
    """Whether it is the data of one change that the database refuses."""
    return (getattr(error, "sqlstate", None) or "").startswith(_OF_ONE_CHANGE)
