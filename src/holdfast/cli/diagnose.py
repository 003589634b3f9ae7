"""`holdfast diagnose`: why an answer is not good, or many are not, and what would make them good.

Knows nothing of how that is found out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

import typer

from holdfast.cli.asked import Asked
from holdfast.errors import Misconfigured

Way: TypeAlias = Literal["one", "failed", "between", "calibrate", "findings"]

_GOES_WITH: Mapping[Way, tuple[str, ...]] = MappingProxyType(
    {
        "one": ("case", "max_cost", "max_calls", "strict"),
        "failed": ("feature", "since", "limit", "max_cost", "max_calls", "strict"),
        "between": ("feature", "repeat", "max_cost", "strict"),
        "calibrate": ("feature", "cases", "max_cost"),
        "findings": ("feature", "since"),
    }
)
"""The options that say anything, by what is asked for."""
_TYPED: Mapping[Way, str] = MappingProxyType(
    {
        "one": "holdfast diagnose last",
        "failed": "holdfast diagnose --failed",
        "between": "holdfast diagnose --between A B",
        "calibrate": "holdfast diagnose --calibrate",
        "findings": "holdfast diagnose --findings",
    }
)


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for besides one recording, how far it goes, and by which case."""

    failed: Annotated[bool, typer.Option("--failed", help="All that failed lately, sorted into what failed.")] = False
    between: Annotated[
        tuple[str, str] | None,
        typer.Option("--between", metavar="A B", help="Why fewer pass in B: two releases, or weeks, as in 2026-W44."),
    ] = None
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Plant faults in a feature's cases, and learn how good verdicts are.")
    ] = False
    findings: Annotated[
        bool, typer.Option("--findings", help="What is wrong with a feature, from all that was recorded.")
    ] = False
    case: Annotated[
        str | None, typer.Option("--case", metavar="ID", help="A good answer is what this case of the feature says.")
    ] = None
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", metavar="USD", min=0, help="Ask no more once this is spent.")
    ] = None
    max_calls: Annotated[
        int | None,
        typer.Option("--max-calls", metavar="N", min=1, help="Calls of models at most: 48, with --failed 200."),
    ] = None
    strict: Annotated[bool, typer.Option("--strict", help="Leave with 4 where the verdict is unknown.")] = False
    feature: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of which feature, where several are looked at.")
    ] = None
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Of --failed and --findings: how far back, as in 7d.")
    ] = None
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=100_000, help="Of --failed: look at so many at most: 500.")
    ] = None
    repeat: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=100, help="Of --between: ask each case so often.")
    ] = None
    cases: Annotated[
        int | None, typer.Option(metavar="N", min=5, help="Of --calibrate: cases that pass, at most: 20.")
    ] = None


def diagnose(
    asked: Asked,
    recording: Annotated[str | None, typer.Argument(metavar="ID|last")] = None,
    options: Options = Options(),  # frozen
) -> None:
    """Say which part failed in a recording, how sure that is, and the cheapest change with which the answer passes.

    The recording is asked again with one part replaced at a time, until one verdict is likely enough or the calls are
    used up; side effects never happen. `last` is the newest that failed, was blocked or degraded, that somebody found
    bad, or that did not pass its case. What a good answer says is taken from the feature's cases, or from a correction.

    --failed: everything that went wrong is looked at without asking a model; what shows the same is put together, and
    up to three of each kind are diagnosed. Of more than --limit a sample is taken, the same one each time.

    --between: why fewer answers pass under B than under A, which are two releases (names, ids, live, working) or two
    ranges of time: each change is taken back by itself and made by itself, and A is asked again as it was.

    --calibrate: faults of known kinds are planted in cases of a feature that pass, and it is counted what is said of
    them; later diagnoses use it, and say how often their verdict was right. Nothing of the project is touched.

    --findings: what is wrong with a feature, with codes, counts and examples, from all that was recorded.

    Exit codes: 0 a verdict, also unknown; with --strict, 4 unknown, and a fall that is not shown. An answer that
    passes, and nothing that went wrong, are 5; where nothing says what a good answer is, 2. --json: {"verdict", "said",
    "diagnosis", "next", "make_case"}; --failed {"failures"}; --between {"verdict", "said", "fall", "next"}; --calibrate
    {"feature", "right", "wrong", "unknown", "learned", "differs"}; --findings {"features"}.
    """
    match _way(recording, options):
        case "failed":
            from holdfast.cli.diagnose_failed import diagnose_failed

            diagnose_failed(asked, options)
        case "between":
            from holdfast.cli.diagnose_between import diagnose_between

            diagnose_between(asked, options)
        case "calibrate":
            from holdfast.cli.diagnose_calibrate import Asking, calibrate

            calibrate(asked, Asking(options.feature, options.cases, options.max_cost))
        case "findings":
            from holdfast.cli.diagnose_findings import findings

            findings(asked, options.feature, options.since or "7d")
        case _:
            from holdfast.cli.diagnose_one import diagnose_one

            assert recording
            diagnose_one(asked, recording, options)


def _way(recording: str | None, options: Options) -> Way:
    """What is asked for. Raises Misconfigured (HF100) where that is nothing, or several, or an option says nothing."""
    ways: dict[Way, bool] = {
        "one": bool(recording),
        "failed": options.failed,
        "between": options.between is not None,
        "calibrate": options.calibrate,
        "findings": options.findings,
    }
    wanted = [way for way, is_wanted in ways.items() if is_wanted]
    if not wanted:
        message = "name one recording, or say --failed, --between A B, --calibrate or --findings"
        raise Misconfigured("HF100", message, _TYPED["one"])
    way = wanted[-1]
    if len(wanted) > 1:
        named = [f"--{each}" if each != "one" else f"'{recording}'" for each in wanted]
        what = "it takes no recording" if "one" in wanted else "one at a time"
        raise Misconfigured("HF100", f"{' and '.join(named)} do not go together: {what}", _TYPED[way])
    given = [
        name for name in dict.fromkeys(sum(_GOES_WITH.values(), ())) if getattr(options, name) not in (None, False)
    ]
    if idle := [f"--{name.replace('_', '-')}" for name in given if name not in _GOES_WITH[way]]:
        raise Misconfigured("HF100", f"{', '.join(idle)} says nothing of {_TYPED[way]}", "leave it out")
    if options.max_cost is not None and not math.isfinite(options.max_cost):
        raise Misconfigured("HF100", f"--max-cost {options.max_cost} is no amount", "--max-cost 0.50")
    return way
