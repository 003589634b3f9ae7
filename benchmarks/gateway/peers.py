"""What is measured against each other: each peer as a process in front of the same vendor. Knows nothing of load."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Started:
    """How a peer is begun, and how it is asked."""

    command: list[str]
    port: int
    path: str = "/v1/chat/completions"
    model: str = "stub"
    key: str = "none"
    environ: Mapping[str, str] | None = None
    folder: Path | None = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A peer that runs, and what its processes have used."""

    def __init__(self, started: Started, patience_s: float = 60.0) -> None:
        self.started = started
        environ = {**os.environ, **(started.environ or {})}
        self._process = subprocess.Popen(
            started.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environ,
            cwd=started.folder,
            start_new_session=True,
        )
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", started.port), 0.2).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"did not start: {' '.join(started.command)}")

    def _pids(self) -> list[int]:
        group = self._process.pid
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                found.append(int(entry.name))
        return found

    def cpu_s(self) -> float:
        total = 0
        for pid in self._pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def resident_mb(self) -> float:
        pages = 0
        for pid in self._pids():
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


CONFIG = """
[app]
features = "features.py"
[providers.stub]
dialect = "openai"
base_url = "{upstream}"
api_key = "upstream"
[prices."stub:stub"]
input_usd_per_mtok = 1.0
output_usd_per_mtok = 2.0
[server]
max_concurrency = 20000
port = {port}
"""


def holdfast(upstream: str, folder: Path) -> Started:
    """Holdfast as it is served, with keys and durable recording on."""
    port = free_port()
    (folder / "holdfast.toml").write_text(CONFIG.format(upstream=upstream, port=port))
    (folder / "features.py").write_text("import holdfast as hf\n\napp = hf.App()\n")
    cli = [sys.executable, "-m", "holdfast.cli"]
    made = subprocess.run(
        [*cli, "keys", "create", "bench", "--json"], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    key = json.loads(made.stdout)["key"]
    return Started([*cli, "up", str(folder)], port, model="stub:stub", key=key, folder=folder)


def relay(upstream: str, folder: Path) -> Started:
    """The least relay in Python: ASGI and aiohttp, usage read, a row written."""
    port = free_port()
    url = upstream + "/chat/completions"
    return Started([sys.executable, str(HERE / "relay.py"), url, str(folder / "relay.db"), str(port)], port)


NGINX = """
worker_processes 1; daemon off; error_log stderr crit; pid {folder}/nginx.pid;
events {{ worker_connections 65000; }}
http {{ access_log off; upstream v {{ server {host}; keepalive 1024; }}
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} backlog=16384; keepalive_requests 1000000;
    location / {{ proxy_pass http://v; proxy_http_version 1.1; proxy_set_header connection ""; proxy_buffering off; }}
  }} }}
"""


def nginx(upstream: str, folder: Path) -> Started:
    """nginx as a proxy: the ground that nothing which reads a request can reach."""
    port = free_port()
    host = upstream.removeprefix("http://").partition("/")[0]
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, host=host, port=port))
    return Started([shutil.which("nginx") or "nginx", "-c", str(folder / "nginx.conf")], port)


LITELLM = """
model_list:
  - model_name: stub
    litellm_params: {{model: openai/stub, api_base: "{upstream}", api_key: upstream}}
general_settings: {{master_key: sk-bench}}
"""


def litellm(upstream: str, folder: Path) -> Started:
    """LiteLLM's proxy, without a database, from the environment that LITELLM names."""
    port = free_port()
    (folder / "config.yaml").write_text(LITELLM.format(upstream=upstream))
    command = [
        os.environ["LITELLM"],
        "--config",
        str(folder / "config.yaml"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    return Started(command, port, key="sk-bench")


def portkey(upstream: str, folder: Path) -> Started:
    """Portkey's gateway, from the start-server.js that PORTKEY names; it is told the vendor in headers of its own."""
    port = free_port()
    told = f"upstream\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: {upstream}"
    return Started(["node", os.environ["PORTKEY"], f"--port={port}", "--headless"], port, key=told, folder=folder)


PEERS: Mapping[str, Callable[[str, Path], Started]] = {
    "holdfast": holdfast,
    "relay": relay,
    "nginx": nginx,
    "litellm": litellm,
    "portkey": portkey,
}
