"""What may not stand in any file: addresses of one place, other people's data, and how the work was done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house.tree import ROOT, hold, texts, tracked

REGISTRIES = re.compile(
    "|".join(
        re.escape(f"{name}.{end}")
        for name, end in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
            ("crates", "io"),
            ("deb.debian", "org"),
            ("archive.ubuntu", "com"),
            ("conda.anaconda", "org"),
        )
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.:/~-])/(?:root|home/[a-z]\w+|Users/\w+|work|mnt/\w+)/\w")
PROSE = re.compile(
    "|".join(
        (
            r"\bCl[a]ude Code\b|\bCo[p]ilot\b",
            r"\b(?:generated|written|built|made) (?:by|with) an? (?:A[I]|L[L]M|agent|model)\b",
            r"\bas an? (?:A[I]|language) model\b",
            r"\b(?:the|this|my|your) (?:bri[e]f|integr[a]tor|sub-?[a]gent|prompt said)\b",
            r"\bDESI[G]N\.md\b|\bCOMM[O]N\.md\b",
            r"\bwork[t]ree\b",
            r"\bpair[- ]programm",
        )
    ),
    re.IGNORECASE,
)
LARGEST_BYTES = 400_000
WORDS_IN_A_ROW = 20
"""That many words in the same order are no accident."""


def lines() -> Iterator[tuple[str, str]]:
    for path, text in texts().items():
        for number, line in enumerate(text.splitlines(), start=1):
            yield f"{path}:{number}", line


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert not [where for where, line in lines() if REGISTRIES.search(line)]


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert not [where for where, line in lines() if MACHINE_PATHS.search(line)]


def test_every_text_speaks_of_holdfast_and_not_of_how_it_was_written() -> None:
    assert not [where for where, line in lines() if PROSE.search(line)]


def test_no_large_file_is_kept() -> None:
    sizes = {path: (ROOT / path).stat().st_size for path in tracked()}
    hold("large files", {path: f"{size} bytes" for path, size in sizes.items() if size > LARGEST_BYTES})


def test_no_lock_carries_an_address() -> None:
    locks = [path for path in tracked() if path.endswith(".lock")]
    assert "requirements.lock" in locks
    assert not [path for path in locks if "://" in texts()[path]]
    assert not [path for path in tracked() if path.endswith("package-lock.json") and '"resolved":' in texts()[path]]


def test_no_two_files_of_tests_have_one_name() -> None:
    """Outside packages, pytest can collect only one module of a name."""
    names = [Path(path).name for path in tracked() if path.startswith("tests/") and Path(path).match("test_*.py")]
    assert not {name for name in names if names.count(name) > 1}


def shared_data() -> Path | None:
    """The folder of data sets that may be tested on but not copied, where there is one beside a checkout."""
    folders = (parent / "shared" / "data" for parent in ROOT.parents)
    return next((folder for folder in folders if folder.is_dir()), None)


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def sample(file: Path, length: int = 60_000) -> list[str]:
    """The words at the beginning of a data file, JSON taken apart."""
    with file.open(encoding="utf-8", errors="replace") as opened:
        text = opened.read(length)
    if file.suffix != ".jsonl":
        return words_of(text.replace("\\n", " "))
    found: list[str] = []
    for line in text.splitlines()[:-1]:
        try:
            found += words_of(" ".join(strings(json.loads(line))))
        except ValueError:
            found += words_of(line)
    return found


def test_no_row_of_the_data_beside_the_checkout_stands_in_a_file() -> None:
    folder = shared_data()
    if folder is None:
        pytest.skip("there is no shared/data beside this checkout")
    ours: dict[int, str] = {}
    for path, text in texts().items():
        if path.endswith(".lock") or path == "LICENSE":
            continue
        words = words_of(text.replace("\\n", " "))
        for at in range(len(words) - WORDS_IN_A_ROW):
            ours.setdefault(hash(tuple(words[at : at + WORDS_IN_A_ROW])), path)
    copied = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".jsonl", ".json", ".csv", ".tsv", ".txt", ".html") and file.is_file():
            words = sample(file)
            for at in range(0, len(words) - WORDS_IN_A_ROW, WORDS_IN_A_ROW // 2):
                part = tuple(words[at : at + WORDS_IN_A_ROW])
                if len(set(part)) > WORDS_IN_A_ROW // 2 and (copy := ours.get(hash(part))) is not None:
                    copied[copy] = f"{file.relative_to(folder)}: {' '.join(part)}"
    assert not copied
