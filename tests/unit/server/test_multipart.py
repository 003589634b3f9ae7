"""Forms with files: taken apart as they were put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journeys.dialect_project import PNG, site

from holdfast.errors import Refused
from holdfast.server.features import input_of_form
from holdfast.server.multipart import boundary_of, parts_of
from holdfast.testing import Act

NAMELESS = b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=60)), min_size=1, max_size=5))
def test_every_file_comes_out_as_it_went_in(files: list[tuple[str, bytes]]) -> None:
    sent = httpx.Request("POST", "http://x", files=[(name, ("f.bin", data, "a/b")) for name, data in files])
    boundary = boundary_of(sent.headers["content-type"].encode())
    assert boundary is not None
    found = parts_of(sent.read(), boundary)
    assert [(part.name, part.data, part.filename, part.media_type) for part in found] == [
        (name, data, "f.bin", "a/b") for name, data in files
    ]


@pytest.mark.parametrize("body", [b"", b"--b", b"--b\r\n\r\nx\r\n--b--", NAMELESS])
def test_a_form_that_is_cut_or_nameless_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parts_of(body, b"b")
    assert refused.value.code == "HF700"


def test_fields_stand_in_the_input_by_their_names() -> None:
    sent = httpx.Request(
        "POST", "http://x", data={"input": '{"a": 1}', "b": "two"}, files=[("c", ("c.txt", b"hi", "text/plain"))]
    )
    boundary: Any = boundary_of(sent.headers["content-type"].encode())
    assert input_of_form(sent.read(), boundary) == {
        "a": 1,
        "b": "two",
        "c": {"media_type": "text/plain", "data": "aGk=", "name": "c.txt"},
    }


async def test_a_file_of_a_form_is_attached_to_what_the_model_is_sent(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="A dot.")]) as at:
        response = await at.served.http.post(
            "/v1/features/scan", data={"question": "What?"}, files={"picture": ("dot.png", PNG, "image/png")}
        )
        assert response.json()["output"]["text"] == "A dot."
        kept = await at.project.store.recordings.get(response.json()["recording_id"])
        effect: Any = kept.steps[0].effect
        (attached,) = effect.messages[-1].media
        assert (attached.data, attached.name, attached.media_type) == (PNG, "dot.png", "image/png")
        assert "[file: dot.png]" in effect.messages[-1].text
        assert json.dumps(kept.input["picture"]["data"])[1:-1] not in effect.messages[-1].text
