"""The server: everything that speaks HTTP inward, over one project.

Knows nothing of how a feature runs; `needs.Project` is all it sees of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.server.access import Access

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from holdfast.records import Retrieve
    from holdfast.server.edge import Edge
    from holdfast.server.needs import Project

__all__ = ["Access", "build_asgi"]


def build_asgi(
    project: Project, *, access: Access, metrics: bool = True, prefix: str = "", console: Path | None = None
) -> Edge:
    """The ASGI application over an open project. It never closes the project; it starts and stops nothing by itself.

    `metrics` adds GET /metrics, which counts this process only. `prefix` is where it is mounted, for its own document.
    `console` is the folder of a built console; None: the one in the package, where there is one.
    """
    from holdfast.server.declared import refusing
    from holdfast.server.dialects.routes import Dialects
    from holdfast.server.dialects.running import Desk
    from holdfast.server.edge import Edge, Page
    from holdfast.server.exchange import JSON
    from holdfast.server.features import FeatureRoute
    from holdfast.server.flight import Flight
    from holdfast.server.meter import Meter
    from holdfast.server.once import Once
    from holdfast.server.page import CONSOLE, pages
    from holdfast.server.problems import Problems
    from holdfast.server.routes import declared_routes

    def still_visible(effect: Retrieve, documents: Collection[str]) -> frozenset[str]:
        return project.corpora.still_visible(effect, documents)

    config = project.config
    once = Once(project.store.recordings, config.folder, config.secrets, still_visible)
    flight, meter, problems = Flight(project.config.server.max_concurrency), Meter(), Problems(project.config.secrets)
    api, described = declared_routes(project, flight, meter, metrics=metrics, prefix=prefix)
    return Edge(
        access,
        flight,
        FeatureRoute(project, flight, meter, problems, once),
        Dialects(Desk(project, flight, meter, problems, once)),
        refusing(api),
        {**pages(console or CONSOLE), "/openapi.json": Page(described, (JSON,))},
    )
