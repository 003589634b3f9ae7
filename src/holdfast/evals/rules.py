"""The rules of a feature: what its owner decided where two answers could both be defended, in `evals/FEATURE.rules.md`.

Knows nothing of judges, nor of how it came to be asked.

A rule is a line that begins with `- `, and goes on in the indented lines below it. People may write rules by hand; one
that answers a diagnosis names it in a comment at its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from holdfast.errors import Misconfigured
from holdfast.evals.kept_file import alone, put

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEAD = """\
# Rules of {feature}

What whoever owns `{feature}` decided where two answers could both be defended. Every judge of its answers is given each
line that begins with a dash. Change them as you like: a certificate holds for the rules that it was made with.

"""


def rules_file(folder: Path, feature: str) -> Path:
    """Where a project keeps the rules of a feature."""
    return folder / "evals" / f"{feature}.rules.md"


def rules_of(folder: Path, feature: str) -> tuple[str, ...]:
    """The rules that a project keeps of a feature, in their order; empty where there is no such file.

    Raises Misconfigured (HF109) for a file that cannot be read.
    """
    return _rules_in(_read(rules_file(folder, feature)))


def put_rule(folder: Path, feature: str, rule: str, answers: str) -> None:
    """Add a rule that answers a diagnosis, in place of what answered that before; the file is made where there is none.

    The same again, or a rule that stands there already, changes nothing, and every other line stays as it is. Raises
    Misconfigured (HF109), StoreFailed (HF601).
    """
    file = rules_file(folder, feature).resolve()
    with alone(file):
        before = _read(file)
        after = _with_rule(before or _HEAD.format(feature=feature), rule, f"<!-- {answers} -->")
        if after != before:
            put(file, after.encode())


def _with_rule(text: str, rule: str, mark: str) -> str:
    lines = text.splitlines(keepends=True)
    mine = [place for place, line in enumerate(lines) if line.startswith("- ") and line.rstrip().endswith(mark)]
    if mine:
        lines[mine[0]] = f"- {rule} {mark}\n"
        return "".join(lines)
    if rule in _rules_in(text):
        return text
    gap = "" if text.endswith("\n") else "\n"
    return f"{text}{gap}- {rule} {mark}\n"


def _rules_in(text: str) -> tuple[str, ...]:
    found: list[list[str]] = []
    going_on = False
    for line in _COMMENT.sub("", text).splitlines():
        if line.startswith(("- ", "* ")):
            found.append([line[2:]])
            going_on = True
        elif going_on and line[:1] in (" ", "\t") and line.strip():
            found[-1].append(line)
        else:
            going_on = False
    return tuple(rule for words in found if (rule := one_line(words)))


def one_line(texts: Sequence[str]) -> str:
    """Texts as one, with every run of whitespace a single space."""
    return " ".join(" ".join(texts).split())


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("HF109", f"{file} cannot be read: {error}", "mend the file, or write it again") from error
