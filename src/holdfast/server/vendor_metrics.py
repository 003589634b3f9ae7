"""How the routes to vendors stand, in Prometheus' text format.

Knows nothing of HTTP, nor of how a route is judged. A key is a number, never the key.
"""

from __future__ import annotations

from holdfast.gateway.health_report import HealthReport, RouteHealth


def label(value: str) -> str:
    """A label's value with what would end it escaped."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def vendor_lines(report: HealthReport) -> list[str]:
    """One line for every figure of every route that was asked."""
    calls = [
        f'holdfast_vendor_calls_total{{{_named(route)},outcome="{outcome}"}} {count}'
        for route in report.routes
        for outcome, count in sorted({"answered": route.answered, **route.faults}.items())
    ]
    states = [f'holdfast_vendor_state{{{_named(route)},state="{route.state}"}} 1' for route in report.routes]
    rests = [f"holdfast_vendor_rest_seconds{{{_named(route)}}} {route.rest_ms / 1000:.3f}" for route in report.routes]
    first = [
        f'holdfast_vendor_first_token_seconds{{{_named(route)},quantile="{share}"}} {ms / 1000:.6f}'
        for route in report.routes
        for share, ms in (("0.5", route.p50_ms), ("0.95", route.p95_ms), ("0.99", route.p99_ms))
        if ms is not None
    ]
    swapped = [f"holdfast_vendor_swapped_total{{{_named(route)}}} {route.swapped}" for route in report.routes]
    return [
        "# TYPE holdfast_vendor_calls_total counter",
        *calls,
        "# TYPE holdfast_vendor_state gauge",
        *states,
        "# TYPE holdfast_vendor_rest_seconds gauge",
        *rests,
        "# TYPE holdfast_vendor_first_token_seconds gauge",
        *first,
        "# TYPE holdfast_vendor_swapped_total counter",
        *swapped,
        "# TYPE holdfast_vendor_retries_left gauge",
        f"holdfast_vendor_retries_left {report.retries_left}",
        "# TYPE holdfast_vendor_hedges_left gauge",
        f"holdfast_vendor_hedges_left {report.hedges_left}",
    ]


def _named(route: RouteHealth) -> str:
    key = "" if route.key is None else str(route.key)
    return f'provider="{label(route.provider)}",model="{label(route.model)}",key="{key}"'
