"""A batch answers each line once, refuses files that do not fit together, and carries a bad line as a bad line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.job_project import rows, written

from holdfast.app import Project, open_project
from holdfast.errors import Misconfigured, NotFound, StoreFailed
from holdfast.jobs.answers import Answers
from holdfast.jobs.batch import Batch, answer, begin

LINE = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b""))


@pytest.fixture
async def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "no-encoder"))
    opened = await open_project(written(tmp_path / "desk"))
    yield opened
    await opened.close()


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., Batch]:
    """A batch with that input, which is written as it is given."""

    def made(text: str | bytes, **fields: Any) -> Batch:
        source = tmp_path / "in.jsonl"
        source.write_bytes(text.encode() if isinstance(text, str) else text)
        values = {"feature": "shout", "source": str(source), "target": str(tmp_path / "out.jsonl")} | fields
        return Batch(**values)

    return made


def refused(batch: Batch, *, resume: bool) -> str:
    with pytest.raises(Misconfigured) as error:
        begin(batch, resume=resume)
    assert error.value.code == "HF112"
    return error.value.message


async def test_bad_lines_are_rows_with_their_errors_and_the_rest_is_answered(
    project: Project, batch: Callable[..., Batch]
) -> None:
    what = batch(b'\xef\xbb\xbf{"body": "a"}\r\n\n{"body": 1}\n[' + b"[" * 3000 + b'\n\xff\n"text"\n{"body": "last"}')
    begin(what, resume=False)
    report = await answer(project, what)
    assert (report.lines, report.answered, report.failed, report.skipped) == (7, 2, 5, 0)
    assert report.errors == {"HF700": 3, "HF701": 2}
    by_line = {row["line"]: row for row in rows(Path(what.target))}
    assert set(by_line[1]) == {"line", "input", "output", "recording_id", "outcome", "error"}
    assert [by_line[n]["error"] and by_line[n]["error"]["code"] for n in range(1, 8)] == [
        *(None, "HF700", "HF701", "HF700", "HF700", "HF701", None)
    ]
    assert by_line[2]["input"] == ""
    assert by_line[7]["output"] == {"text": "LAST"}
    begin(what, resume=True)
    again = await answer(project, what)
    assert (again.skipped, again.errors) == (7, report.errors)
    assert len(rows(Path(what.target))) == 7


async def test_a_request_that_fails_is_a_row_with_its_recording(project: Project, batch: Callable[..., Batch]) -> None:
    what = batch('{"body": "a"}\n', feature="fail")
    begin(what, resume=False)
    assert (await answer(project, what)).errors == {"HF309": 1}
    (row,) = rows(Path(what.target))
    assert (row["outcome"], row["error"]["code"], row["output"]) == ("failed", "HF309", None)
    assert (await project.store.recordings.get(row["recording_id"])).outcome == "failed"


async def test_an_output_that_is_there_is_never_overwritten(project: Project, batch: Callable[..., Batch]) -> None:
    what = batch('{"body": "a"}\n')
    begin(what, resume=False)
    await answer(project, what)
    kept = rows(Path(what.target))
    assert "is there already" in refused(what, resume=False)
    assert "cannot be read" in refused(batch("", source="nowhere"), resume=False)
    assert "one file" in refused(batch("", target=what.source), resume=False)
    assert rows(Path(what.target)) == kept


@pytest.mark.parametrize("changed", ['{"body": "b"}\n{"body": "x"}\n', '{"body": "a"}\n', ""])
async def test_an_input_that_changed_is_refused_before_and_after_the_batch_is_complete(
    project: Project, batch: Callable[..., Batch], changed: str
) -> None:
    begin(batch('{"body": "a"}\n{"body": "x"}\n'), resume=False)
    assert "has changed" in refused(batch(changed), resume=True)
    whole = batch('{"body": "a"}\n{"body": "x"}\n')
    begin(whole, resume=True)
    await answer(project, whole)
    what = batch(changed)
    begin(what, resume=True)
    with pytest.raises(Misconfigured, match="has changed"):
        await answer(project, what)


async def test_the_output_of_another_feature_is_refused(project: Project, batch: Callable[..., Batch]) -> None:
    begin(batch('{"body": "a"}\n'), resume=False)
    assert "answers of 'shout'" in refused(batch('{"body": "a"}\n', feature="fail"), resume=True)
    with pytest.raises(NotFound, match="HF200"):
        await answer(project, batch('{"body": "a"}\n', feature="shot"))


@pytest.mark.parametrize("text", ['{"some": "json"}\n', "words\n", '{"line": 1, "input": {"body": "a"}}\n'])
def test_a_file_that_no_batch_wrote_is_refused_and_left_as_it_is(batch: Callable[..., Batch], text: str) -> None:
    what = batch('{"body": "a"}\n')
    Path(what.target).write_text(text)
    begin(what, resume=True)
    with pytest.raises(Misconfigured, match="no answer of a batch"):
        asyncio.run(answer(_Refusing(), what))  # type: ignore[arg-type]
    assert Path(what.target).read_text() == text


async def test_two_that_write_one_output_are_one_too_many(project: Project, batch: Callable[..., Batch]) -> None:
    what = batch('{"body": "a"}\n')
    begin(what, resume=False)
    with Answers(Path(what.target)), pytest.raises(Misconfigured, match="another process writes"):
        await answer(project, what)
    assert (await answer(project, what)).answered == 1


async def test_a_disk_that_is_full_ends_the_batch_and_what_was_written_is_resumed(
    project: Project, batch: Callable[..., Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    what = batch("".join(json.dumps({"body": str(n)}) + "\n" for n in range(20)), workers=3)
    begin(what, resume=False)
    with monkeypatch.context() as patch:
        written_ = 0

        def full(number: int) -> None:
            nonlocal written_
            written_ += 1
            if written_ > 3:
                raise OSError(28, "No space left on device")

        patch.setattr("holdfast.jobs.answers.os.fsync", full)
        with pytest.raises(StoreFailed, match="HF601"):
            await answer(project, what)
    begin(what, resume=True)
    report = await answer(project, what)
    assert report.answered == 20
    assert report.skipped >= 3
    assert sorted(row["line"] for row in rows(Path(what.target))) == list(range(1, 21))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=12), cut=st.integers(0, 400)
)
def test_cutting_the_output_anywhere_and_going_on_gives_each_line_once(
    tmp_path: Path, lines: list[bytes], cut: int
) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    target.unlink(missing_ok=True)
    target.with_name("out.batch").unlink(missing_ok=True)
    source.write_bytes(b"".join(line + b"\n" for line in lines))
    what = Batch(feature="any", source=str(source), target=str(target), workers=3)

    async def once() -> None:
        assert (await answer(_Refusing(), what)).lines == len(lines)  # type: ignore[arg-type]

    begin(what, resume=False)
    asyncio.run(once())
    whole = target.read_bytes()
    target.write_bytes(whole[: min(cut, len(whole))])
    begin(what, resume=True)
    asyncio.run(once())
    assert sorted(row["line"] for row in rows(target)) == list(range(1, len(lines) + 1))


class _Refusing:
    """A project that takes no input at all."""

    def feature(self, name: str) -> None:
        pass

    async def run(self, name: str, value: Any) -> Any:
        from holdfast.errors import Refused

        await asyncio.sleep(0)
        raise Refused("HF701", f"{msgspec.json.encode(value)!r} does not fit", "send another")
