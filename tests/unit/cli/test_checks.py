"""Checks that need something on the other side: a model server, a taken port, a source that went away."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from holdfast.app import open_project
from holdfast.cli.asked import Asked
from holdfast.cli.checks_models import models_at
from holdfast.cli.up import sync_stale
from holdfast.errors import Misconfigured


class Models(BaseHTTPRequestHandler):
    """Offers two models on the path where they belong."""

    def do_GET(self) -> None:
        good = self.path == "/v1/models"
        body = b'{"object": "list", "data": [{"id": "qwen3:4b"}, {"id": "other"}]}' if good else b"not found"
        self.send_response(200 if good else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


@pytest.fixture
def model_server() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Models) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_model_server_says_its_models_and_anything_else_is_none(model_server: int) -> None:
    assert models_at(model_server) == ["qwen3:4b", "other"]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert models_at(silent.getsockname()[1]) is None, "a port where nobody listens"
        silent.listen()
        assert models_at(silent.getsockname()[1]) is None, "a server that does not answer"


def test_doctor_offers_a_model_server_with_the_lines_to_add(
    folder: Path, model_server: int, monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    monkeypatch.setattr("holdfast.cli.checks_models.STANDARD_PORTS", {"ollama": model_server})
    check = next(each for each in typed("doctor", "--json").json["checks"] if each["name"] == "ollama")
    assert check["status"] == "ok"
    assert 'models = ["ollama:qwen3:4b", "extractive"]' in check["fix"]


def test_doctor_says_what_each_provider_speaks_and_where_it_is_asked(folder: Path, typed: Type) -> None:
    with (folder / "holdfast.toml").open("a", encoding="utf-8") as file:
        file.write('[providers.azure]\nbase_url = "https://user:word@acme.openai.azure.com"\n')
        file.write('[providers.house]\ndialect = "anthropic"\nbase_url = "https://acme.example/v1/messages"\n')
    checks = {check["name"]: check for check in typed("doctor", "--json").json["checks"]}
    azure, house = checks["provider azure"], checks["provider house"]
    assert azure["status"] == "ok"
    assert "speaks azure" in azure["what"]
    assert "https://acme.openai.azure.com/openai/deployments/MODEL/chat/completions" in azure["what"]
    assert (house["status"], "leave /messages off" in house["fix"]) == ("warn", True)


def test_doctor_warns_of_a_taken_port(folder: Path, typed: Type) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (folder / "holdfast.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[server]\nport = {port}\n")
        said = typed("doctor", "--json")
    check = next(each for each in said.json["checks"] if each["name"] == "port")
    assert (said.code, check["status"], check["fix"]) == (0, "warn", f"holdfast up --port {port + 1}")


def stale(folder: Path) -> None:
    async def sync() -> None:
        project = await open_project(folder)
        try:
            await sync_stale(Asked(folder, False), project)
        finally:
            await project.close()

    asyncio.run(sync())


def test_a_source_that_went_away_is_a_warning_while_an_earlier_version_can_serve(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data").rename(folder / "elsewhere")
    stale(folder)
    assert "help_center was not synced, v1 serves: HF109" in capsys.readouterr().err


def test_a_source_that_was_never_there_is_an_error(folder: Path) -> None:
    (folder / "holdfast.toml").write_text('[corpora.new]\nsource = "folder"\npath = "nowhere"\n', "utf-8")
    with pytest.raises(Misconfigured, match="HF109"):
        stale(folder)
