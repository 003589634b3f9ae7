"""Every error Holdfast raises on purpose: what happened, and what to type next.

Knows nothing of HTTP statuses or exit codes; the server and the command line map the families.

    HoldfastError
    ├── Misconfigured   HF1xx  the project, its files or its environment are not as they must be
    ├── NotFound        HF2xx  a name or an id that is not there; names the nearest match
    ├── EffectFailed    HF3xx  an effect was tried and did not succeed
    ├── GuardBlocked    HF4xx  a guard stopped the answer (an outcome, not a fault)
    ├── ReplayDiverged  HF5xx  what was recorded is not what is asked for now
    ├── StoreFailed     HF6xx  the disk, the database or the storage did not take or give something
    └── Refused         HF7xx  a request that cannot be taken: malformed, too large, not allowed

Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.records import Attempt, Failed, Failure, Origin

CODES: Mapping[str, str] = MappingProxyType(
    {
        "HF100": "a setting is missing, unknown or has the wrong type",
        "HF101": "there is no project here",
        "HF102": "the project's features cannot be loaded",
        "HF103": "a prompt cannot be read or rendered",
        "HF104": "an environment variable or a file that a setting names is missing",
        "HF105": "another process serves this project",
        "HF106": "the address is taken or needs a key",
        "HF107": "an optional part is not installed",
        "HF108": "the encoder is missing, damaged or not the one it says it is",
        "HF109": "a source cannot be read",
        "HF110": "a feature is declared in a way that cannot work",
        "HF111": "a case of an evaluation cannot be taken as it is",
        "HF112": "the files of a batch do not fit together",
        "HF113": "a source refuses the credentials, or what they ask for",
        "HF114": "a source gave no usable answer in the time there is patience for",
        "HF200": "there is no feature of that name",
        "HF201": "there is no slot, guard or setting of that name",
        "HF202": "there is no corpus of that name",
        "HF203": "there is no recording with that id",
        "HF204": "there is no release of that name",
        "HF205": "there is no such key",
        "HF206": "there is no such document",
        "HF207": "there is no such file, provider or model",
        "HF208": "there is no evaluation with that id",
        "HF209": "there is no job with that id",
        "HF210": "there is no trial with that id",
        "HF211": "there is no gate with that id",
        "HF213": "there is no certificate with that id",
        "HF214": "there is no diagnosis with that id",
        "HF300": "an effect failed",
        "HF301": "no rung of the ladder answered",
        "HF302": "the deadline passed",
        "HF303": "the output does not match what the feature declares",
        "HF304": "a provider refused the request",
        "HF305": "a provider could not be reached or broke off",
        "HF306": "a function given to ctx.call raised",
        "HF307": "a side effect was asked for outside a live request",
        "HF308": "the corpus could not be searched",
        "HF309": "the feature itself raised",
        "HF310": "a job cannot go on",
        "HF311": "every model that could be asked has had too many requests",
        "HF312": "every model that could be asked reads less than this",
        "HF400": "a guard blocked the answer",
        "HF500": "a step of the replay is not on the tape",
        "HF501": "the feature's code is not the code that was recorded",
        "HF502": "a corpus version is gone",
        "HF503": "a remembered passage may not be seen any more",
        "HF600": "the database did not take or give something",
        "HF601": "the disk or the storage is full or not writable",
        "HF602": "the database is newer than this Holdfast",
        "HF603": "a recording or a body is damaged",
        "HF604": "a sync would delete most of a corpus",
        "HF611": "the ledger of a sync does not add up",
        "HF621": "a new version of a corpus breaks one of its limits",
        "HF700": "the request is not valid JSON",
        "HF701": "the input does not match the feature",
        "HF702": "the request is too large",
        "HF703": "a key is missing or not valid",
        "HF704": "the key may not do that",
        "HF705": "the host or the origin is not allowed",
        "HF706": "the server is shutting down or too busy",
        "HF707": "the same Idempotency-Key came with a different request",
        "HF708": "there is no such route, or not with that method",
        "HF709": "a header, a parameter or a content type cannot be taken",
        "HF710": "the name belongs to another release",
        "HF711": "the job is not in a state for that",
        "HF712": "the address of a webhook is not allowed",
        "HF713": "an expression that says which recordings cannot be read",
        "HF714": "the signature of a webhook's message is missing, wrong or too old",
        "HF720": "there is another case of that id",
        "HF721": "the recording cannot become a case",
        "HF722": "what failed in the recording does not fail again",
        "HF730": "a field of the request is not known here, or cannot be taken as it is",
        "HF731": "an image or a document cannot be taken",
        "HF740": "the recording cannot be diagnosed",
        "HF741": "the answer passes, so that there is nothing to diagnose",
        "HF742": "nothing says what a good answer to this is",
        "HF743": "the fix is no change that a release can have",
        "HF744": "too few cases pass for faults to be planted in them",
        "HF750": "what a diagnosis asks cannot be decided like that",
        "HF999": "a bug in Holdfast or in a plug-in; the log has the traceback",
    }
)


class HoldfastError(Exception):
    """An error somebody can act on: `code` is stable, `message` says what happened, `fix` what to type next."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.code}: {self.message}\n  fix: {self.fix}"

    def __reduce__(self) -> tuple[type[HoldfastError], tuple[str, str, str]]:
        return type(self), (self.code, self.message, self.fix)


class Misconfigured(HoldfastError):
    """The project, its files or its environment are not as they must be."""


class NotFound(HoldfastError):
    """A name or an id that is not there."""


class EffectFailed(HoldfastError):
    """An effect was tried and did not succeed; the step stands in the recording, with the attempts made on the way.

    `origin` says whose fault it is where a model was asked: a provider's, or the gateway's own, which would not ask or
    ran out of time. `retry_after_s` is set when all that is needed is to wait so long.
    """

    def __init__(
        self,
        code: str,
        message: str,
        fix: str,
        attempts: tuple[Attempt, ...] = (),
        *,
        origin: Origin | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, message, fix)
        self.attempts = attempts
        self.origin = origin
        self.retry_after_s = retry_after_s


class GuardBlocked(HoldfastError):
    """A guard stopped the answer; the recording's outcome is `blocked`. `safe_answer` may be given instead."""

    def __init__(
        self, code: str, message: str, fix: str, *, guard: str = "", reason: str = "", safe_answer: str | None = None
    ) -> None:
        super().__init__(code, message, fix)
        self.guard = guard
        self.reason = reason
        self.safe_answer = safe_answer


class ReplayDiverged(HoldfastError):
    """A replay asked for something that was not recorded."""


class StoreFailed(HoldfastError):
    """The database or the storage failed; nothing that was acknowledged before is lost."""


class Refused(HoldfastError):
    """A request that cannot be taken as it is."""


def attempts_of(error: BaseException) -> tuple[Attempt, ...]:
    """What was tried before this was raised: of an EffectFailed, and of the CancelledError of a call under way."""
    attempts: tuple[Attempt, ...] = getattr(error, "attempts", ())
    return attempts


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence for `fix`: the nearest of the known names, and all of them when they are few."""
    names = sorted(known)
    if not names:
        return "none exist yet"
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return (f"did you mean '{close[0]}'? " if close else "") + f"there are: {listed}"


def unknown(code: str, noun: str, name: str, known: Iterable[str]) -> NotFound:
    """The NotFound for a name that is not among the known ones."""
    return NotFound(code, f"there is no {noun} '{name}'", nearest(name, known))


FAMILIES: Mapping[str, type[HoldfastError]] = MappingProxyType(
    {
        "1": Misconfigured,
        "2": NotFound,
        "3": EffectFailed,
        "4": GuardBlocked,
        "5": ReplayDiverged,
        "6": StoreFailed,
        "7": Refused,
    }
)


def from_code(code: str, message: str, fix: str) -> HoldfastError:
    """The error of the family that a recorded code belongs to, as it was first raised."""
    return FAMILIES.get(code[2:3], HoldfastError)(code, message, fix)


def from_failed(failed: Failed | Failure) -> HoldfastError:
    """The error that a recorded effect or recording failed with, as it was first raised, without its attempts."""
    error = from_code(failed.code, failed.message, failed.fix)
    if isinstance(error, EffectFailed):
        error.origin, error.retry_after_s = failed.origin, failed.retry_after_s
    return error


def alone(group: BaseExceptionGroup[BaseException], kind: type[HoldfastError] = HoldfastError) -> BaseException:
    """What tasks that ran together are to raise: the first error where all are of that kind, else the group as it is.

    `except*` would raise it within a group again, on a Python before 3.11.4.
    """
    matching, others = group.split(kind)
    found: BaseException | None = matching
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return group if others is not None or found is None else found
