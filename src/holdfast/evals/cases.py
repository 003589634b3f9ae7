"""Cases as they stand in a file: one JSON object a line, every mistake named with its line.

Knows nothing of how a case is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from holdfast.errors import HoldfastError, Misconfigured, NotFound
from holdfast.evals.facts import tokens
from holdfast.evaluation import Case
from holdfast.records import Json

_EXAMPLE = 'write {"id": "refund-1", "input": {...}, "facts": ["5 days"]}'
FIRST_CASE = 'write one JSON object a line: {"id": "refund-1", "input": {...}, "facts": ["5 days"]}'
"""What to do where there are no cases."""
_decode = msgspec.json.Decoder(Case).decode


def cases_file(folder: Path, feature: str) -> Path:
    """Where a project keeps the cases of a feature."""
    return folder / "evals" / f"{feature}.jsonl"


def cases_of(folder: Path, feature: str, parse: Callable[[Json], object]) -> tuple[Case, ...]:
    """The cases that a project keeps of a feature, at least one. Raises NotFound (HF207), and as `read_cases` does."""
    file = cases_file(folder, feature)
    if cases := read_cases(file, parse):
        return cases
    raise NotFound("HF207", f"there are no cases in {file}", FIRST_CASE)


def read_cases(file: Path, parse: Callable[[Json], object]) -> tuple[Case, ...]:
    """The cases of a JSONL file, in order; empty where there is no such file. Empty lines are passed over.

    `parse` is the feature's own reading of an input. Raises Misconfigured (HF111) for the first line that is wrong,
    naming file and line, (HF109) for a file that cannot be read.
    """
    try:
        lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Misconfigured("HF109", f"{file} cannot be read: {error.strerror}", "name another file") from error
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        case = _case(line, where)
        if case.id in seen:
            first = f"the first is in line {seen[case.id]}"
            raise Misconfigured("HF111", f"{where}: there is another case '{case.id}'", f"rename one; {first}")
        seen[case.id] = number
        check_case(case, where, parse)
        cases.append(case)
    return tuple(cases)


def _case(line: bytes, where: str) -> Case:
    try:
        return _decode(line)
    except msgspec.ValidationError as error:
        raise Misconfigured("HF111", f"{where}: {error}", f"a case has {', '.join(Case.__struct_fields__)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Misconfigured("HF111", f"{where}: this is not JSON: {error}", _EXAMPLE) from error


def check_case(case: Case, where: str, parse: Callable[[Json], object]) -> None:
    """See that a case can be asked and means something, as far as the types do not say. `where` it stands is named.

    Raises Misconfigured (HF111).
    """
    if not case.id.strip():
        raise Misconfigured("HF111", f"{where}: the case has an empty id", "give it a name of its own")
    for fact in case.facts:
        if not tokens(fact):
            raise Misconfigured("HF111", f"{where}: the fact {fact!r} has neither word nor number", "remove it")
    for name, answers in case.calls.items():
        if not name.strip() or not answers:
            fix = 'write "calls": {"NAME": [ANSWER, ...]}, NAME as given to ctx.call'
            raise Misconfigured("HF111", f"{where}: calls has a name without answers: {name!r}", fix)
    if case.unanswerable and (case.facts or case.gold or case.expected is not None):
        fix = "remove the tag, or expected, facts and gold"
        raise Misconfigured("HF111", f"{where}: the case is unanswerable, but says what the answer is", fix)
    try:
        parse(case.input)
    except HoldfastError as error:
        raise Misconfigured("HF111", f"{where}: {error.message}", error.fix) from error
