"""`holdfast sync` says that everything is accounted for, what a sync would cost, and ends with 3 where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from feeds import DESKS, Desk
from holdfast.cli.sync_showing import forecast_line, ledger_line
from holdfast.corpus.forecast import Forecast
from holdfast.corpus.ledger import Ledger

LEDGER = Ledger(fetched=1250, kept=1200, skipped=49, failed=1, documents=1200, chunks=4000, indexed=4000, vectors=4000)
FORECAST = Forecast(
    corpus="kb", current="v3", added=12, changed=300, removed=2, unchanged=9000, passed=(), chunks=48_200, embeds=3112,
    seconds=40.2, writes_bytes=12_345_678, brakes=False,
)  # fmt: skip


@pytest.fixture
def desk(folder: Path) -> Desk:
    DESKS["cli"] = made = Desk()
    for number in range(20):
        made.put(f"a{number:02}", f"word{number} stands in this article")
    with (folder / "holdfast.toml").open("a") as file:
        file.write('\n[corpora.desk]\nsource = "feeds:NamedFeed"\ndesk = "cli"\n')
    return made


def test_the_ledger_is_one_line() -> None:
    assert ledger_line(LEDGER) == (
        "1,250 fetched = 1,200 kept + 49 skipped + 1 failed; 4,000 chunks = 4,000 indexed = 4,000 vectors"
    )


def test_a_forecast_is_one_line() -> None:
    assert forecast_line(FORECAST) == (
        "12 added, 300 changed, 2 removed; re-embeds 3,112 of 48,200 chunks, about 40 s; writes 12.3 MB"
    )


def test_a_sync_shows_its_ledger_and_gives_it_as_json(desk: Desk, typed: Type) -> None:
    said = typed("sync", "desk")
    assert (said.code, "20 fetched = 20 kept + 0 skipped; 20 chunks = 20 indexed" in said.out) == (0, True)
    ledger = typed("sync", "desk", "--json").json["reports"][0]["ledger"]
    assert (ledger["fetched"], ledger["kept"], ledger["red"]) == (20, 20, [])
    assert "20 fetched = 20 kept" in typed("corpus", "show", "desk").out


def test_a_ledger_that_does_not_add_up_is_3_and_publishes_nothing(desk: Desk, typed: Type) -> None:
    desk.miscounts = 1
    said = typed("sync", "desk")
    assert said.code == 3
    assert "HF611" in said.err
    assert "21 of 'article', and 20 are here" in said.err
    assert typed("sync", "desk", "--json").json["failed"][0]["error"]["code"] == "HF611"


def test_a_forecast_publishes_nothing_and_what_it_says_comes_true(desk: Desk, typed: Type) -> None:
    said = typed("sync", "desk", "--forecast")
    assert (said.code, "desk (never synced): 20 added" in said.out) == (0, True)
    ahead = typed("sync", "desk", "--forecast", "--json").json["forecasts"][0]
    assert (ahead["added"], ahead["chunks"], ahead["brakes"]) == (20, 20, False)
    report = typed("sync", "desk", "--json").json["reports"][0]
    assert (report["added"], report["chunks"]) == (20, 20)
    assert "nothing would change; 20 documents" in typed("sync", "desk", "--forecast").out
    desk.articles = {"a00": desk.articles["a00"]}
    said = typed("sync", "desk", "--forecast")
    assert (said.code, "holdfast sync desk --full" in said.out) == (0, True)
    assert typed("sync", "desk").code == 3
