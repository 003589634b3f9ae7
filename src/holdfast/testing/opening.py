"""A user's project, opened for a test: nothing that it writes outlives the test.

Does not know any test runner.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.contracts import Models
from holdfast.records import Json
from holdfast.testing.memory import MemoryStore


@asynccontextmanager
async def project(
    folder: Path | str,
    *,
    changes: Mapping[str, Json] | None = None,
    models: Models | None = None,
    environ: Mapping[str, str] | None = None,
    encoder: bool = False,
    synced: bool = True,
) -> AsyncIterator[Project]:
    """The project in `folder`, with a store in memory and corpora in a temporary folder; the real ones are not touched.

        async with project(Path(__file__).parent.parent, changes={"answer.models": "extractive"}) as opened:
            recording = await opened.run("answer_ticket", {"body": "How long does a refund take?"})

    `changes` are made to the working tree's release by name; `models` answer under the names of providers. Corpora are
    synced from their sources first, unless `synced` is False. Without `encoder` search goes by words only, and gives
    the same on every machine. Raises what `open_project` and a sync raise.
    """
    config = load_config(Path(folder), environ)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as storage:
        config = config.model_copy(update={"app": config.app.model_copy(update={"storage_url": storage})})
        store = MemoryStore(secrets=config.secrets)
        opened = await open_configured(config, models=models, store=store, encoder=encoder, changes=changes)
        try:
            if synced:
                await opened.sync()
            yield opened
        finally:
            await opened.close()
