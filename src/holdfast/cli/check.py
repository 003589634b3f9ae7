"""One line of `holdfast doctor`. Knows nothing of what is checked."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from holdfast.cli.leaving import USAGE, exit_code_of
from holdfast.errors import HoldfastError


class Check(Struct, frozen=True, kw_only=True):
    """What was looked at, how it stands, and what to type where it does not stand well."""

    name: str
    status: Literal["ok", "warn", "fail"]
    what: str
    fix: str = ""
    exit_code: int = 0


def ok(name: str, what: str) -> Check:
    return Check(name=name, status="ok", what=what)


def warn(name: str, what: str, fix: str) -> Check:
    return Check(name=name, status="warn", what=what, fix=fix)


def fail(name: str, what: str, fix: str, exit_code: int = USAGE) -> Check:
    return Check(name=name, status="fail", what=what, fix=fix, exit_code=exit_code)


def failed(name: str, error: HoldfastError) -> Check:
    """The check that an error of ours failed."""
    return fail(name, f"{error.code}: {error.message}", error.fix, exit_code_of(error.code) or USAGE)
