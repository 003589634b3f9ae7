"""A request with everything its route needs, and how routes are named. Knows no route."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from holdfast.testing.zendesk.access import Viewer
from holdfast.testing.zendesk.account import Account
from holdfast.testing.zendesk.exchange import Answer, Asked, Pool, problem


@dataclass(frozen=True, slots=True)
class Call:
    """`part` is what the route's pattern names in the path. `roots` is where each brand is served."""

    account: Account
    asked: Asked
    viewer: Viewer
    part: Mapping[str, str]
    roots: Mapping[int, str]
    emptied: bool = False
    """An export is to answer with no rows, as if it had found none yet."""

    @property
    def root(self) -> str:
        return self.roots[self.asked.brand_id]

    @property
    def include(self) -> frozenset[str]:
        """What is to be sideloaded."""
        return frozenset(filter(None, self.asked.query.get("include", "").split(",")))

    def number(self, name: str = "id") -> int:
        return int(self.part[name])

    def ids(self) -> list[int]:
        """Those of `?ids=1,2,3`. Raises Problem (400) where there are none, or more than a hundred."""
        text = self.asked.query.get("ids", "")
        listed = [int(part) for part in text.split(",") if part.strip().isdecimal()]
        if not listed or len(listed) > 100:
            raise problem(400, "InvalidValue", "Parameter ids must hold 1 to 100 ids")
        return listed


For = Literal["anybody", "staff", "admin"]
Handler: TypeAlias = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`resource` is the name by which a test forbids it."""

    pattern: re.Pattern[str]
    resource: str
    handler: Handler
    open_to: For = "staff"


def route(path: str, resource: str, handler: Handler, open_to: For = "staff") -> Route:
    """A route by a path such as `tickets/{id}`: `{id}` takes digits, `{locale}` and other names take a word."""
    spelled = re.sub(r"\{(\w+)\}", lambda name: _group(name[1]), path)
    return Route(re.compile(rf"/api/v2/{spelled}(?:\.json)?"), resource, handler, open_to)


def _group(name: str) -> str:
    if name.endswith("id"):
        return rf"(?P<{name}>\d+)"
    return rf"(?P<{name}>[a-z]{{2,3}}(?:-[A-Za-z0-9]+)?)" if name == "locale" else rf"(?P<{name}>[\w.-]+)"


def pool_of(path: str, query: Mapping[str, str]) -> Pool:
    """Which limit a request counts for."""
    if not path.startswith("/api/v2/"):
        return "none"
    if path.startswith("/api/v2/help_center/"):
        return "help_center"
    if path.startswith("/api/v2/incremental/"):
        return "export"
    return "deep" if query.get("page", "").isdecimal() and int(query["page"]) > 500 else "support"


def path_of(target: str) -> str:
    """The path of a request's target, without its query."""
    return urlsplit(target).path
