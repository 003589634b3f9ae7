"""What is forgotten of a landing takes time by how much there is, not by its square."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holdfast.sources import FeedPage, Item
from holdfast.store.landing import SqliteLanding
from holdfast.store.sql import landing_queries


@pytest.mark.parametrize("name", ["forget_gone", "forget_touches"])
def test_no_part_of_forgetting_is_done_anew_for_every_row(tmp_path: Path, name: str) -> None:
    landing = SqliteLanding(tmp_path / "landing.db")
    landing.keep(FeedPage(items=(Item(kind="article", id="1", document="1", data={}),), cursor=1))
    with closing(sqlite3.connect(tmp_path / "landing.db")) as sql:
        plan = sql.execute(f"EXPLAIN QUERY PLAN {landing_queries()[name]}", (landing.mark,)).fetchall()
    landing.close()
    assert plan
    assert not [step for *_, step in plan if "CORRELATED" in step]
