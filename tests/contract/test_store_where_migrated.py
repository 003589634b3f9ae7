"""What was kept before recordings could be found by feedback and scores is found by them after the migration."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from tests.contract.store_samples import NOW, recording

from holdfast.evaluation import CaseResult, Score
from holdfast.identity import to_json
from holdfast.records import Feedback
from holdfast.store import open_store
from holdfast.store.postgres import OWN, _connect_writer, _parameters
from holdfast.store.postgres import migrate as migrate_postgres
from holdfast.store.postgres_connection import PostgresConnection
from holdfast.store.sql import migrate, migrations, queries
from holdfast.stores import RecordingQuery
from holdfast.where import parse

WHERE_CAME = 10
SCORES = (
    Score(scorer="exact", value=True),
    Score(scorer="grounded", value=0.25),
    Score(scorer="tone", value='r"ude'),
    Score(scorer="silent"),
)
ADD_FEEDBACK = "INSERT INTO feedback (tenant, id, recording, subject, content) VALUES ('', ?, 1, NULL, ?)"
ADD_EVALUATION = "INSERT INTO evaluations (tenant, id, feature, content, cases) VALUES ('', 'ev_1', 'f', '{}', '[]')"
ADD_RESULT = "INSERT INTO evaluation_results (evaluation, case_id, repeat, content) VALUES (1, ?, 0, ?)"
ADD_RECORDING = (
    "INSERT INTO recordings (n, tenant, id, feature, release, outcome, ms, started_at)"
    " VALUES (1, '', 'rec_1', 'f', 'r', 'ok', 1, 0)"
)


def rows() -> list[tuple[str, tuple[str, ...]]]:
    """Statements that keep a recording with feedback and scores as they were kept before, and one with a NUL."""
    said = Feedback(id="fb_1", recording_id="rec_1", at=NOW, score=-0.5, label="wröng")
    result = CaseResult(
        case="c", repeat=0, recording="rec_1", outcome="ok", ms=1, cost_usd=0, spent_usd=0, scores=SCORES
    )
    odd = CaseResult(
        case="odd", repeat=0, recording="rec_1", outcome="ok", ms=1, cost_usd=0, spent_usd=0, wrong=("a\x00b",)
    )
    return [
        (ADD_RECORDING, ()),
        (ADD_FEEDBACK, ("fb_1", to_json(said).decode())),
        (ADD_EVALUATION, ()),
        (ADD_RESULT, ("c", to_json(result).decode())),
        (ADD_RESULT, ("odd", to_json(odd).decode())),
    ]


async def check(url: str, storage: Path) -> None:
    store = await open_store(url, storage)
    try:
        for text, there in (
            ("feedback.score<0 and feedback.label=wröng", True),
            ("score.exact=true and score.grounded<0.5", True),
            ('score.tone="r\\"ude"', True),
            ("score.silent!=none", False),
            ("answered~anything or degraded!=none", False),
        ):
            found = await store.recordings.find(RecordingQuery(where=parse(text)))
            assert ([each.id for each in found] == ["rec_1"]) is there, text
        await store.recordings.add(recording())
        assert len(await store.recordings.find(RecordingQuery(where=parse("answered~way")))) == 1
    finally:
        await store.close()


async def test_in_sqlite(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    migrate(connection, [step for step in migrations() if step.version < WHERE_CAME])
    for statement, values in rows():
        connection.execute(statement, values)
    connection.close()
    await check(f"sqlite:///{tmp_path}/old.db", tmp_path / "storage")


async def test_in_postgresql(postgres_url: str, tmp_path: Path) -> None:
    sql = queries(OWN)
    connection = PostgresConnection(partial(_connect_writer, _parameters(postgres_url), sql))
    migrate_postgres(connection, sql, [step for step in migrations(OWN) if step.version < WHERE_CAME])
    for statement, values in rows():
        connection.execute(statement, values)
    connection.close()
    await check(postgres_url, tmp_path / "storage")
