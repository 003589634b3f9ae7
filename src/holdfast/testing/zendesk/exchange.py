"""A request to the simulated Zendesk and the answer to it, as values. Does not know what any route answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from holdfast.messages import Json

Pool = Literal["support", "help_center", "export", "deep", "none"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `number` counts from 1; `at_s` is the limits' clock; `path` is without the query."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    brand_id: int
    at_s: float
    pool: Pool

    @property
    def url(self) -> str:
        """Path and query, as they are to be shown."""
        return self.path + ("?" + "&".join(f"{k}={v}" for k, v in self.query.items()) if self.query else "")


@dataclass(slots=True)
class Answer:
    """What is said to it. `rows` names the list in `body` that a page is made of; a body of bytes goes out as it is."""

    status: int
    body: Mapping[str, object] | bytes
    rows: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json; charset=utf-8"


@dataclass(slots=True)
class Seen:
    """What the server notes of a request. `early`: it came inside a Retry-After of its pool."""

    asked: Asked
    status: int = 0
    """0: nothing was answered."""
    fault: str = ""
    retry_after_s: float | None = None
    limited: bool = False
    """It was one too many, of the server's own counting."""
    early: bool = False
    rows: int = 0


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def problem(status: int, error: Json, description: str = "") -> Problem:
    """An error in the shape that most of the API's have."""
    said: dict[str, object] = {"error": error}
    if description:
        said["description"] = description
    return Problem(Answer(status, said))


def not_found() -> Problem:
    return problem(404, "RecordNotFound", "Not found")


def forbidden() -> Problem:
    said = "You do not have access to this page. Please contact the account owner of this help desk for further help."
    return problem(403, {"title": "Forbidden", "message": said})


def unauthorized() -> Problem:
    return problem(401, "Couldn't authenticate you")


def bad_page(title: str) -> Problem:
    """A page asked for that there cannot be."""
    return Problem(Answer(400, {"errors": [{"code": "InvalidPaginationParameter", "title": title}]}))
