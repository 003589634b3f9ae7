"""A document that hangs, bursts or brings its process down fails alone and by name; the others are prepared."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.embedders import HashingEmbedder

from holdfast.corpus import preparing
from holdfast.corpus.prepare import Prepared, clean, hash_of, prepare
from holdfast.corpus.preparing import Preparing
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.worker import Done, Setup, raw_of, task_of
from holdfast.corpus.workers import Workers
from holdfast.sources import Passed, RawDocument


def page(name: str, body: str | bytes = "<h1>T</h1><p>Some text.</p>") -> tuple[RawDocument, str]:
    raw = RawDocument(
        id=name, body=body, media_type="text/html", section=("a",), principals=("b",), metadata={"x": [1]}
    )
    return raw, hash_of(raw)


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(Setup(max_tokens=150, seconds=1.5, memory_bytes=2**28), processes=2)
    yield pool
    pool.close()


def reason(answer: Done) -> str:
    assert answer.passed is not None
    assert answer.passed.failed
    return answer.passed.reason


def test_documents_are_prepared_in_their_order_as_they_are_here(workers: Workers) -> None:
    batch = [page(str(n), f"<h1>T{n}</h1><p>Text {n}.</p>") for n in range(9)]
    answers = workers.prepare(batch)
    expected = [prepare(raw, raw_hash, max_tokens=150, count_tokens=None) for raw, raw_hash in batch]
    assert [answer.prepared for answer in answers] == expected


def test_a_document_is_handed_over_as_it_was() -> None:
    for body in ("<p>é", b"\xff<p>"):
        raw, raw_hash = page("x", body)
        assert raw_of(task_of(raw, raw_hash)) == raw
    assert raw_of(task_of(*page("x", "\ud800"))).body == "?"


def test_an_empty_document_is_passed_and_has_not_failed(workers: Workers) -> None:
    (answer,) = workers.prepare([page("x", "")])
    assert answer.passed == Passed(id="x", reason="no text is left after cleaning")


SLOW = "import holdfast.corpus.prepare as p, time; p.clean_html = lambda *a, **k: time.sleep(60)"
BIG = "import holdfast.corpus.prepare as p; p.clean_html = lambda *a, **k: bytearray(2**31)"
DEAD = "import holdfast.corpus.prepare as p, os; p.clean_html = lambda *a, **k: os.abort()"
WRONG = "import holdfast.corpus.prepare as p; p.clean_html = lambda *a, **k: 1 // 0"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A start-up file by which a worker behaves as if a format's reader did; `body` says when."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "sitecustomize.py"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (SLOW, "reading it took over 1.5 s"),
        (BIG, "reading it needed over 0.25 GB"),
        (DEAD, "reading it ended the process that tried: signal 6"),
        (WRONG, "reading it ended the process that tried: ZeroDivisionError: integer division or modulo by zero"),
    ],
)
def test_a_document_that_costs_too_much_fails_by_name(workers: Workers, broken: Path, fault: str, said: str) -> None:
    broken.write_text(fault)
    markdown = RawDocument(id="m", body="# Fine", media_type="text/markdown")
    bad, good = workers.prepare([page("bad"), (markdown, hash_of(markdown))])
    assert reason(bad) == said
    assert good.prepared is not None
    broken.unlink()
    (again,) = workers.prepare([page("again")])  # by a process in the place of the one that ended
    assert again.prepared is not None or reason(again) == said  # or by the one that prepared the other


def test_no_process_outlives_its_pool(workers: Workers) -> None:
    workers.prepare([page("a"), page("b")])
    processes = [worker.process.pid for worker in workers._idle]
    assert processes
    workers.close()
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    workers.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_workers_end_with_a_parent_that_was_killed() -> None:
    program = (
        "from holdfast.corpus.workers import Workers; from holdfast.corpus.worker import Setup\n"
        "from tests.unit.corpus.test_workers import page; import time\n"
        "pool = Workers(Setup(max_tokens=150), processes=1); pool.prepare([page('a')])\n"
        "print(pool._idle[0].process.pid, flush=True); time.sleep(60)"
    )
    path = os.pathsep.join(filter(None, [*sys.path, os.getcwd()]))
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert parent.stdout is not None
    with parent.stdout:
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break  # dead, and for whoever adopted it to bury
        time.sleep(0.05)
    assert time.monotonic() < deadline


@pytest.mark.parametrize("embedder", [None, HashingEmbedder()])
def test_many_documents_come_out_as_a_few_do(embedder: HashingEmbedder | None, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = CorpusSettings(name="kb", max_tokens=60)
    body = "<h1>T</h1>" + "<p>One sentence of several words. Another one, with more of them.</p>" * 40
    batch = [page(str(n), body.replace("T", f"T{n}")) for n in range(3)]
    few, many = Preparing(settings, embedder), Preparing(settings, embedder)
    try:
        here = few(batch)
        assert few._workers is None
        monkeypatch.setattr(preparing, "WORTH_BYTES", 1)
        there = many(batch)
        assert many._workers is not None
        assert there == here
        assert all(isinstance(one, Prepared) for one in here)
        assert many.begin(batch).result() == here
    finally:
        few.close()
        many.close()


@pytest.mark.parametrize(
    "meta", ["<meta charset=shift_jis>", '<META http-equiv="Content-Type" content="text/html; charset=Shift_JIS">']
)
def test_a_page_is_read_in_the_encoding_that_it_declares(meta: str) -> None:
    raw, _ = page("a", (meta + "<p>返品と返金について</p>").encode("shift_jis"))
    assert clean(raw).text == "返品と返金について"


def test_workers_go_on_when_the_process_that_starts_them_was_ended(workers: Workers) -> None:
    workers.prepare([page("a")])
    assert workers._nursery is not None
    workers._nursery._process.kill()
    workers._nursery._process.wait()
    while workers._idle:
        workers._idle.pop().end()
    (answer,) = workers.prepare([page("b")])
    assert answer.prepared is not None
