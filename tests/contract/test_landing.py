"""Every landing keeps the contract: pages whole or not at all, what is gone left out, changes by mark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import StoreFailed
from holdfast.sources import FeedPage, Item, Landing
from holdfast.store.landing import SqliteLanding
from holdfast.testing.memory_landing import MemoryLanding


def item(item_id: str, document: str | None = None, kind: str = "article", **data: Any) -> Item:
    return Item(kind=kind, id=item_id, document=f"d{item_id}" if document is None else document, data=data)


def gone(item_id: str, kind: str = "article") -> Item:
    return Item(kind=kind, id=item_id, data=None)


def page(*items: Item, cursor: Any = 1, **more: Any) -> FeedPage:
    return FeedPage(items=items, cursor=cursor, **more)


def ids(landing: Landing, kind: str = "article") -> list[str]:
    return [each.id for each in landing.rows(kind)]


@pytest.fixture(params=[SqliteLanding, MemoryLanding])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Landing]:
    opened = request.param(tmp_path / "corpora" / "kb" / "landing.db")
    yield opened
    opened.close()


def test_an_item_is_given_back_as_it_came_and_the_cursor_is_the_last_pages(landing: Landing) -> None:
    assert (landing.cursor, landing.get("article", "1"), list(landing.documents())) == (None, None, [])
    one = item("1", title="Ein Titel ☃", nested={"a": [1, 2.5, None, True]})
    landing.keep(page(one, cursor={"after": "abc"}))
    landing.keep(page(item("2"), cursor=["x", 7]))
    assert landing.get("article", "1") == one
    assert (landing.get("article", "3"), landing.get("ticket", "1")) == (None, None)
    assert landing.cursor == ["x", 7]


def test_a_page_that_does_not_move_leaves_the_cursor(landing: Landing) -> None:
    landing.keep(page(item("1"), cursor=5))
    landing.keep(page(item("2"), cursor=None), moves=False)
    assert (landing.cursor, ids(landing)) == (5, ["1", "2"])


def test_documents_come_by_id_each_with_its_items_and_only_those_asked_for(landing: Landing) -> None:
    landing.keep(page(item("9", "t2", "ticket"), item("1", "t1", "comment"), item("0", "", "user")))
    landing.keep(page(item("7", "t1", "ticket"), item("2", "t2", "comment"), item("3", "t10", "ticket")))
    assert [(known, [each.id for each in items]) for known, items in landing.documents()] == [
        ("t1", ["1", "7"]),
        ("t10", ["3"]),
        ("t2", ["2", "9"]),
    ]
    assert [known for known, _ in landing.documents(["t2", "t1", "none", ""])] == ["t1", "t2"]
    assert list(landing.document_ids()) == ["t1", "t10", "t2"]


def test_what_the_source_says_is_gone_is_left_out_until_it_comes_again(landing: Landing) -> None:
    landing.keep(page(item("1"), item("2")))
    landing.keep(page(gone("1"), gone("never")))
    assert (ids(landing), landing.get("article", "1")) == (["2"], None)
    landing.keep(page(present={"article": frozenset({"1", "2"})}))
    assert ids(landing) == ["2"], "a sweep may be older than what said that it is gone"
    landing.keep(page(item("1", title="again")))
    assert ids(landing) == ["1", "2"]


def test_a_sweep_takes_away_what_it_does_not_name_and_a_later_one_brings_it_back(landing: Landing) -> None:
    landing.keep(page(item("1", text="first"), item("2"), item("3", kind="ticket")))
    landing.keep(page(item("4"), present={"article": frozenset({"2"})}))
    assert (ids(landing), ids(landing, "ticket")) == (["2", "4"], ["3"])
    landing.keep(page(present={"article": frozenset({"1", "2", "4"})}))
    assert ids(landing) == ["1", "2", "4"]
    assert landing.get("article", "1") == item("1", text="first")


def test_touched_names_documents_that_changed_after_the_mark(landing: Landing) -> None:
    landing.keep(page(item("1"), item("2"), item("3")))
    mark = landing.mark
    assert landing.touched(mark) == frozenset()
    landing.keep(page(item("1"), cursor=2))
    assert (landing.mark, landing.touched(mark)) == (mark, frozenset())
    landing.keep(page(item("2", title="new")))
    landing.keep(page(item("3", "elsewhere")))
    assert landing.touched(mark) == {"d2", "d3", "elsewhere"}
    landing.keep(page(gone("1"), present={"article": frozenset({"3"})}))
    assert landing.touched(mark) == {"d1", "d2", "d3", "elsewhere"}
    assert landing.touched(landing.mark) == frozenset()


def test_touched_is_unknown_where_an_item_of_many_documents_changed_or_the_mark_is_anothers(landing: Landing) -> None:
    landing.keep(page(item("1")))
    mark = landing.mark
    assert (landing.touched(mark + 1), landing.touched(-1)) == (None, None)
    landing.keep(page(item("s", "", "section")))
    assert landing.touched(mark) is None
    assert landing.touched(landing.mark) == frozenset()
    mark = landing.mark
    landing.clear()
    assert landing.touched(mark) is None


def test_counts_are_of_what_is_there_beside_what_the_source_says(landing: Landing) -> None:
    landing.keep(page(item("1"), item("2"), item("3", kind="ticket"), counts={"article": 2, "user": 4}))
    assert landing.counts() == {"article": (2, 2), "ticket": (1, None), "user": (0, 4)}
    landing.keep(page(gone("1"), counts={"article": 1}))
    assert landing.counts()["article"] == (1, 1)


def test_forgetting_leaves_what_went_after_the_mark_and_clearing_leaves_nothing(landing: Landing) -> None:
    landing.keep(page(item("1"), item("2"), item("3")))
    landing.keep(page(present={"article": frozenset({"2", "3"})}))
    mark = landing.mark
    landing.keep(page(present={"article": frozenset({"3"})}))
    landing.forget(mark)
    landing.keep(page(present={"article": frozenset({"1", "2", "3"})}))
    assert ids(landing) == ["2", "3"], "1 is forgotten and has to come anew"
    landing.clear()
    assert (ids(landing), landing.cursor, landing.counts()) == ([], None, {})


def test_half_of_a_surrogate_pair_is_kept_as_something_printable(tmp_path: Path) -> None:
    landing = SqliteLanding(tmp_path / "l.db")
    landing.keep(page(item("1", text="\ud83d alone")))
    kept = landing.get("article", "1")
    assert kept is not None
    assert kept.data == {"text": "? alone"}
    landing.close()


def test_what_was_kept_is_there_after_opening_again_and_a_reader_sees_one_state(tmp_path: Path) -> None:
    landing = SqliteLanding(tmp_path / "l.db")
    landing.keep(page(*(item(str(n)) for n in range(50)), cursor="c"))
    reading = landing.documents()
    next(reading)
    landing.keep(page(gone("30"), cursor="d"))
    assert len(list(reading)) == 49, "what was read from the start is read to its end as it was"
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(len(list(landing.documents()))))
    thread.start()
    thread.join()
    assert found == [49]
    mark = landing.mark
    landing.close()
    landing.close()
    again = SqliteLanding(tmp_path / "l.db")
    assert (again.cursor, again.mark, len(list(again.documents()))) == ("d", mark, 49)
    again.close()
    with pytest.raises(StoreFailed):
        again.get("article", "1")


def test_marks_of_a_landing_that_was_lost_are_not_taken_for_those_of_the_new_one(tmp_path: Path) -> None:
    landing = SqliteLanding(tmp_path / "l.db")
    landing.keep(page(item("1")))
    mark = landing.mark
    landing.close()
    for file in tmp_path.glob("l.db*"):
        file.unlink()
    landing = SqliteLanding(tmp_path / "l.db")
    landing.keep(page(item("1")))
    assert landing.touched(mark) is None
    landing.close()


def test_text_that_is_gone_at_the_source_is_on_no_page_of_the_disk_once_forgotten(tmp_path: Path) -> None:
    import secrets

    landing = SqliteLanding(tmp_path / "l.db")
    marks = [secrets.token_hex(200) for _ in range(40)]  # does not compress, so it would be seen
    landing.keep(page(*(item(str(n), text=mark) for n, mark in enumerate(marks))))
    wanted = _packed(tmp_path, "1")
    assert wanted in _everything(tmp_path)
    landing.keep(page(present={"article": frozenset({"0"})}))
    landing.forget(landing.mark)
    assert wanted not in _everything(tmp_path)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    landing.keep(page(*(item(str(n), text=mark) for n, mark in enumerate(marks))))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) > size
    wanted = _packed(tmp_path, "5")
    landing.clear()
    assert wanted not in _everything(tmp_path)
    landing.close()


def _packed(folder: Path, item_id: str) -> bytes:
    import sqlite3

    with sqlite3.connect(folder / "l.db") as database:
        (body,) = database.execute("SELECT body FROM items WHERE id = ?", (item_id,)).fetchone()
    database.close()
    return bytes(body)[20:60]


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_a_damaged_or_newer_file_is_told(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "bad.db").write_bytes(b"this is no database at all, " * 40)
    with pytest.raises(StoreFailed) as failure:
        SqliteLanding(tmp_path / "bad.db")
    assert failure.value.code == "HF603"
    with sqlite3.connect(tmp_path / "new.db") as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(StoreFailed) as failure:
        SqliteLanding(tmp_path / "new.db")
    assert failure.value.code == "HF602"


def test_reading_many_documents_needs_the_memory_of_a_few(tmp_path: Path) -> None:
    landing = SqliteLanding(tmp_path / "l.db")
    text = "words " * 300
    for start in range(0, 3000, 500):
        numbers = range(start, start + 500)
        landing.keep(page(*(item(str(n), f"t{n // 5}", "comment", body=f"{n} {text}") for n in numbers)))
    tracemalloc.start()
    assert sum(len(items) for _, items in landing.documents()) == 3000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000, "what landed is 5 MB"
    landing.close()


# ---------------------------------------------------------------- the twins do the same, whatever comes

IDS = st.sampled_from(["1", "2", "3", "4", "5"])
KINDS = st.sampled_from(["article", "comment"])
ITEMS = st.builds(
    lambda kind, item_id, document, text: Item(
        kind=kind, id=item_id, document=document, data=None if text == 0 else {"text": text}
    ),
    KINDS,
    IDS,
    st.sampled_from(["a", "b", "c", "c", "d", ""]),
    st.integers(0, 3),
)
PAGES = st.builds(
    lambda items, present, cursor, moves: (FeedPage(items=tuple(items), cursor=cursor, present=present), moves),
    st.lists(ITEMS, max_size=4),
    st.none() | st.dictionaries(KINDS, st.frozensets(IDS), max_size=1),
    st.integers(0, 9),
    st.booleans(),
)
STEPS = st.lists(PAGES | st.just("forget") | st.just("reopen") | st.just("clear"), max_size=25)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_both_landings_hold_the_same_after_any_pages(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        disk, memory = SqliteLanding(Path(folder) / "l.db"), MemoryLanding()
        marks = [(disk.mark, memory.mark)]
        for step in steps:
            if step == "reopen":
                disk.close()
                disk = SqliteLanding(Path(folder) / "l.db")
            elif step == "forget":
                disk.forget(marks[-1][0])
                memory.forget(marks[-1][1])
            elif step == "clear":
                disk.clear()
                memory.clear()
            else:
                disk.keep(step[0], moves=step[1])
                memory.keep(step[0], moves=step[1])
            marks.append((disk.mark, memory.mark))
            assert seen(disk) == seen(memory)
            for of_disk, of_memory in marks:
                assert disk.touched(of_disk) == memory.touched(of_memory)
        disk.close()


def seen(landing: Landing) -> object:
    only = [known for known, _ in landing.documents(["a", "c"])]
    kinds = [list(landing.rows(kind)) for kind in ("article", "comment")]
    return list(landing.documents()), list(landing.document_ids()), only, kinds, landing.cursor, landing.counts()


# ---------------------------------------------------------------- killed between pages, and within one

PROGRAM = """
import sys
from pathlib import Path
from holdfast.sources import FeedPage, Item
from holdfast.store.landing import SqliteLanding
landing = SqliteLanding(Path(sys.argv[1]))
first = (landing.cursor or 0)
for number in range(first, first + 100000):
    items = tuple(Item(kind="a", id=str(number * 10 + n), document=str(number), data={"n": n}) for n in range(10))
    landing.keep(FeedPage(items=items, cursor=number + 1))
    print(number + 1, flush=True)
"""


def killed(path: Path, after: int) -> int:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(next(process.stdout)) for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout if line.endswith("\n")]
    return told[-1]


@pytest.mark.parametrize("after", [1, 3, 8])
def test_a_kill_loses_no_page_that_was_acknowledged_and_keeps_no_part_of_the_next(tmp_path: Path, after: int) -> None:
    for _ in range(2):
        told = killed(tmp_path / "l.db", after)
        landing = SqliteLanding(tmp_path / "l.db")
        kept = landing.cursor
        assert isinstance(kept, int)
        assert kept >= told
        assert [len(items) for _, items in landing.documents()] == [10] * kept
        landing.close()
