"""The API of a simulated account: an answer to each request. Knows nothing of connections, limits or faults."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from holdfast.testing.zendesk.access import ANYBODY, Refused, Viewer
from holdfast.testing.zendesk.account import Account
from holdfast.testing.zendesk.call import Call, Route, route
from holdfast.testing.zendesk.exchange import Answer, Asked, Problem, forbidden, not_found, problem, unauthorized
from holdfast.testing.zendesk.export_routes import EXPORTS
from holdfast.testing.zendesk.help_center_routes import HELP_CENTER, file
from holdfast.testing.zendesk.support_routes import SUPPORT, token

ROUTES = (*HELP_CENTER, *EXPORTS, *SUPPORT)
_FILE = Route(re.compile(r"/hc/(?:[\w-]+/)?article_attachments/(?P<id>\d+)(?:/.*)?"), "attachments", file, "anybody")
_TOKEN = route("unused", "oauth", token, "anybody")
_TICKET_FILE = re.compile(r"/attachments/token/(?P<id>\d+)/?")


def answered(account: Account, asked: Asked, roots: Mapping[int, str], *, emptied: bool = False) -> Answer:
    """What the API says to a request; of an export no rows, if it is to be `emptied`.

    Never raises: what goes wrong is an answer as well.
    """
    try:
        return _answered(account, asked, roots, emptied)
    except Problem as wrong:
        return wrong.answer


def _answered(account: Account, asked: Asked, roots: Mapping[int, str], emptied: bool) -> Answer:
    brand = account.help_center.brands[asked.brand_id]
    if brand.is_deleted or (not brand.active and not brand.default):
        said = f"There is no help desk configured at this address: {brand.subdomain}.zendesk.com"
        raise problem(404, {"title": f"No help desk at {brand.subdomain}.zendesk.com", "message": said})
    if asked.path == "/oauth/tokens":
        if asked.method != "POST":
            raise not_found()
        return token(Call(account, asked, ANYBODY, {}, roots))
    if (ticket_file := _TICKET_FILE.fullmatch(asked.path)) is not None:
        data = account.support.files.get(int(ticket_file["id"]))
        if data is None:
            raise not_found()
        return Answer(200, data, media_type="application/octet-stream")
    viewer = viewer_of(account, asked)
    for known in (*ROUTES, _FILE):
        match = known.pattern.fullmatch(asked.path)
        if match is not None:
            _admit(account, asked, known, viewer)
            return known.handler(Call(account, asked, viewer, match.groupdict(), roots, emptied))
    raise problem(404, "InvalidEndpoint", "Not found")


def viewer_of(account: Account, asked: Asked) -> Viewer:
    """Who asks, by the header `Authorization`. Raises Problem (401) for what is not, or no longer, taken."""
    kind, _, said = asked.headers.get("authorization", "").partition(" ")
    try:
        if kind.lower() == "bearer":
            return account.access.bearer(said.strip())
        if kind.lower() == "basic":
            name, _, password = base64.b64decode(said).decode().partition(":")
            return account.access.basic(name, password)
    except (Refused, binascii.Error, UnicodeDecodeError) as error:
        if kind.lower() == "bearer":
            said = "The access token provided is expired, revoked, malformed or invalid for other reasons."
            raise problem(401, "invalid_token", said) from error
        raise unauthorized() from error
    return ANYBODY


def _admit(account: Account, asked: Asked, known: Route, viewer: Viewer) -> None:
    """Raises Problem: 404 where the brand has no help center, 401 and 403 where the viewer may not."""
    brand = account.help_center.brands[asked.brand_id]
    if "/help_center/" in asked.path or asked.path.startswith("/hc/"):
        if not brand.has_help_center or brand.help_center_state == "disabled":
            raise not_found()
        if brand.help_center_state == "restricted" and not viewer.staff:
            raise unauthorized() if viewer.user is None else forbidden()
    elif not account.access.support_active:
        raise problem(403, "SupportProductInactive", "Support product is not active for this account")
    if known.open_to != "anybody" and viewer.user is None:
        raise unauthorized()
    if (known.open_to == "staff" and not viewer.staff) or (known.open_to == "admin" and viewer.role != "admin"):
        raise forbidden()
    if known.resource in account.access.forbidden:
        raise forbidden()
