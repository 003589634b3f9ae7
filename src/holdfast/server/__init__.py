"""The server: everything that speaks HTTP inward, over one project.

Knows nothing of how a feature runs; `needs.Project` is all it sees of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.server.access import Access

if TYPE_CHECKING:
    from holdfast.server.edge import Edge
    from holdfast.server.needs import Project

__all__ = ["Access", "build_asgi"]


def build_asgi(project: Project, *, access: Access, metrics: bool = True, prefix: str = "") -> Edge:
    """The ASGI application over an open project. It never closes the project; it starts and stops nothing by itself.

    `metrics` adds GET /metrics, which counts this process only. `prefix` is where it is mounted, for its own document.
    """
    from holdfast.server.declared import STRUCTS, Declared, declare, refusing
    from holdfast.server.edge import Edge, Page
    from holdfast.server.evaluations import EVALUATION_STRUCTS, declare_evaluations
    from holdfast.server.exchange import JSON
    from holdfast.server.features import FeatureRoute
    from holdfast.server.flight import Flight
    from holdfast.server.jobs import JOB_STRUCTS, JobRoutes, add_job_routes
    from holdfast.server.meter import Meter
    from holdfast.server.openapi import document
    from holdfast.server.page import front_page
    from holdfast.server.problems import Problems

    flight, meter, problems = Flight(project.config.server.max_concurrency), Meter(), Problems(project.config.secrets)
    api = declare(Declared(project, flight, meter), metrics=metrics)
    declare_evaluations(api, project)
    add_job_routes(api, JobRoutes(project))
    described = document(api, STRUCTS + EVALUATION_STRUCTS + JOB_STRUCTS, project.features.values(), prefix)
    return Edge(
        access,
        flight,
        FeatureRoute(project, flight, meter, problems),
        refusing(api),
        {"/": front_page(), "/openapi.json": Page(described, (JSON,))},
        problems,
    )
