"""An App inside another program: its features as functions, and its whole API as an application to mount.

Knows nothing of that program, and leaves its event loop, its logging and its signals alone.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast import app
from holdfast.app import Project, open_project
from holdfast.config import find_project
from holdfast.contracts import Scorers
from holdfast.records import Json
from holdfast.runtime.outcome import output_of

if TYPE_CHECKING:
    from holdfast.server.mounted import Mounted


class App(app.App):
    """What a project's features.py declares. Only declares: nothing is read or opened until the app starts.

    In another program the project opens at the first use, in the folder of the features, and closes with `close`, or at
    the latest when the event loop ends. A later use opens it again.
    """

    def __init__(self, *, scorers: Scorers | None = None) -> None:
        super().__init__(scorers=scorers)
        self._project: Project | None = None
        self._opened: AsyncGenerator[Project] | None = None
        self._opening = asyncio.Lock()

    async def run(self, name: str, input: Json, *, subject: str | None = None) -> Json:
        """A feature's output, from within another program.

        Raises NotFound (HF200), Refused (HF701), and the failure or the block of the recording as an error.
        """
        project = await self.open()
        recording = await project.run(name, input, who=project.who(subject))
        return output_of(recording)

    def asgi(self) -> Mounted:
        """The whole API as an ASGI application, to mount under any prefix: `service.mount("/ai", app.asgi())`.

        Opens nothing yet. Where it is given the lifespan it opens and closes the project with it. Without a key it
        answers this machine only, whatever address the program listens on. Mounted twice, call it twice.
        """
        from holdfast.server.mounted import Mounted

        return Mounted(self.open, self.close)

    async def open(self) -> Project:
        """The project; the first call opens it. Raises Misconfigured (HF100 to HF110) and StoreFailed."""
        async with self._opening:
            if self._project is None:
                self._opened = self._until_closed()
                self._project = await anext(self._opened)
            return self._project

    async def close(self) -> None:
        """Close the project, if it is open. A second time does nothing."""
        if self._opened is not None:
            await self._opened.aclose()

    async def _until_closed(self) -> AsyncGenerator[Project]:
        """Gives the open project once. An event loop that ends closes its generators, after its tasks have ended: so
        the project is closed also where nobody says so, as with an application that is mounted without a lifespan."""
        project = await open_project(find_project(self._folder()), app=self)
        try:
            yield project
        finally:
            self._project = self._opened = None
            self._opening = asyncio.Lock()  # the next use may be on another event loop
            await project.close()

    def _folder(self) -> Path:
        """Where the features stand; without any, where the program does."""
        first = next(iter(self._declared.values()), None)
        return Path.cwd() if first is None else Path(inspect.getfile(first[0])).parent
