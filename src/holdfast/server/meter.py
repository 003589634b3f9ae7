"""Counts of requests, in Prometheus' text format (version 0.0.4).

Knows nothing of HTTP; it is told of each recording. It counts for one process.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict

from holdfast.gateway.health_report import HealthReport
from holdfast.records import Recording
from holdfast.server.vendor_metrics import label, vendor_lines

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MEDIA_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Meter:
    """How many requests each feature answered, how they ended, and how long they took."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def note(self, recording: Recording) -> None:
        """Count one request that ended."""
        seconds = recording.ms / 1000
        feature = label(recording.feature)
        self._requests[feature, recording.outcome] += 1
        buckets = self._buckets.setdefault(feature, [0] * (len(BOUNDS_S) + 1))
        buckets[bisect_left(BOUNDS_S, seconds)] += 1
        self._seconds[feature] += seconds

    def text(self, in_flight: int, vendors: HealthReport) -> bytes:
        """All counts so far, and how the routes to vendors stand."""
        lines = ["# TYPE holdfast_requests_total counter"]
        lines += [
            f'holdfast_requests_total{{feature="{feature}",outcome="{outcome}"}} {count}'
            for (feature, outcome), count in sorted(self._requests.items())
        ]
        lines += ["# TYPE holdfast_requests_in_flight gauge", f"holdfast_requests_in_flight {in_flight}"]
        lines.append("# TYPE holdfast_request_seconds histogram")
        for feature, buckets in sorted(self._buckets.items()):
            total = 0
            for bound, count in zip([*BOUNDS_S, "+Inf"], buckets, strict=True):
                total += count
                lines.append(f'holdfast_request_seconds_bucket{{feature="{feature}",le="{bound}"}} {total}')
            lines.append(f'holdfast_request_seconds_sum{{feature="{feature}"}} {self._seconds[feature]:.6f}')
            lines.append(f'holdfast_request_seconds_count{{feature="{feature}"}} {total}')
        return ("\n".join(lines + vendor_lines(vendors)) + "\n").encode()
