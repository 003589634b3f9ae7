"""Every kind of fault that is planted into a clean corpus is found, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.corpus.planted import NOW, PLANTS, Planted, clean_corpus

from corpora import ListSource, open_room
from holdfast.corpus.checks.catalogue import CATALOGUE
from holdfast.corpus.checks.examine import Examining, Passing, examine
from holdfast.corpus.cleaned import MESSAGES
from holdfast.corpus.quality import QualityReport

DOCUMENTS = 250


@pytest.fixture(scope="module")
def clean() -> Planted:
    return Planted(clean_corpus(DOCUMENTS), each=0)


async def reported(planted: Planted, root: Path) -> dict[str, set[str]]:
    """Every id that the report names, by code."""
    room = open_room(root)
    await room.sync("kb", source=ListSource(planted.items))
    passed = [(item.id, item.reason) for item in planted.passed]
    passed += [(name, "no text is left after cleaning") for name in planted.ids["empty"]]
    failed = [item.id for item in planted.passed if item.failed]
    version = room._version("kb", "latest")
    passing = Passing(len(planted.items), passed, failed)
    report = examine("kb", version, passing=passing, how=Examining(now=NOW, most_examples=10**6))
    return {finding.code: ids_of(report, finding.code) for finding in report.findings}


def ids_of(report: QualityReport, code: str) -> set[str]:
    """Of a pair of copies the one that was planted is the greater id or the less: both count as named."""
    finding = next(finding for finding in report.findings if finding.code == code)
    whole = {"contradiction", "duplicate", "near_duplicate", "repeated_block"}
    return {
        name for example in finding.examples for name in (example.documents if code in whole else example.documents[:1])
    }


async def test_nothing_is_found_in_a_clean_corpus(clean: Planted, tmp_path: Path) -> None:
    assert await reported(clean, tmp_path) == {}


async def test_every_planted_fault_is_found_under_its_code(tmp_path: Path) -> None:
    planted = Planted(clean_corpus(DOCUMENTS), each=5)
    found = await reported(planted, tmp_path)
    missed = {code: ids - found.get(code, set()) for code, ids in planted.ids.items() if code != "repeated_block"}
    assert not {code: ids for code, ids in missed.items() if ids}
    assert len(found["repeated_block"]) == 3  # an example names three of the documents that hold the paragraph


async def test_what_was_not_planted_is_not_found_but_for_what_a_fault_brings_with_it(tmp_path: Path) -> None:
    planted = Planted(clean_corpus(DOCUMENTS), each=5)
    found = await reported(planted, tmp_path)
    brought = {"comment_dropped", "hidden_text_dropped", "mixed_languages"}
    assert set(found) - set(planted.ids) <= brought
    twins = {"duplicate", "near_duplicate", "contradiction"}  # a copy's original is named beside it
    extra = {code: found[code] - planted.ids[code] for code in set(found) - twins - brought}
    assert not {code: ids for code, ids in extra.items() if ids}


def test_a_fault_is_planted_for_every_code_that_one_document_can_have() -> None:
    planted = set(Planted(clean_corpus(100), each=1).ids)
    compared = {"paraphrase", "mixed_languages", "mixed_document", "volume_drop"}  # need vectors, or many documents
    drift = {code for code in CATALOGUE if code.startswith(("field_", "locale_", "media_type_"))} - {"locale_mismatch"}
    cleaning = set(MESSAGES) - planted
    assert set(CATALOGUE) - planted == compared | drift | cleaning
    assert len(PLANTS) == len(planted)
