"""A look at an account before it is synced: whether it answers, lets this user in, and to what.

Knows nothing of what is read. Asks each list that a sync asks for one row.
"""

from __future__ import annotations

from holdfast.corpus.sources.values import text_of
from holdfast.corpus.sources.zendesk.client import Client
from holdfast.corpus.sources.zendesk.options import Options
from holdfast.corpus.sources.zendesk.refusal import Refusal

BACK_S = 3600


async def probe(options: Options, client: Client) -> str:
    """What can be read, in one line. Raises Misconfigured (HF109, HF113, HF114) for what a sync cannot do without."""
    who = "nobody" if options.anonymous else await _who(options, client)
    return f"{who}: {await (_articles if options.content == 'articles' else _tickets)(options, client)}"


async def _who(options: Options, client: Client) -> str:
    """Whom the credentials stand for; an account that shows nobody has refused them."""
    user = (await client.get(f"{options.origin}/api/v2/users/me.json", "user"))["user"]
    role = text_of(user.get("role")) if user.get("id") else ""
    if not role:
        raise Refusal(
            "HF113",
            f"{options.origin} takes the credentials for nobody's",
            "make new ones in Zendesk's Admin Center under Apps and integrations > APIs",
            401,
        )
    return f"signed in as {role}"


async def _articles(options: Options, client: Client) -> str:
    said = []
    for host in options.help_centers:
        api = f"{host}/api/v2/help_center"
        locales = await client.get(f"{api}/locales", "locales")
        names = ", ".join(sorted(map(text_of, locales["locales"])))
        place = f"/{text_of(locales.get('default_locale'))}" if options.anonymous else ""
        count = (await client.get(f"{api}{place}/articles", "articles", per_page=1)).get("count")
        if not options.anonymous:
            await client.get(f"{api}/incremental/articles", "articles", start_time=int(client.now()) - BACK_S)
        said.append(f"{host.partition('://')[2]} has {count} articles, in {names}")
    if not options.anonymous and not await _may(client, f"{options.origin}/api/v2/help_center/user_segments"):
        said.append("user segments may not be read, so `signed_in` and `staff` see nothing that is restricted")
    return "; ".join(said)


async def _tickets(options: Options, client: Client) -> str:
    exports, start = f"{options.origin}/api/v2/incremental", int(client.now()) - BACK_S
    await client.get(f"{exports}/tickets/cursor.json", "tickets", start_time=start, per_page=1)
    await client.get(f"{exports}/ticket_events.json", "ticket_events", start_time=start, per_page=1)
    return "tickets and their comments can be exported"


async def _may(client: Client, url: str) -> bool:
    try:
        await client.get(url, "user_segments", per_page=1)
    except Refusal as error:
        if error.status != 403:
            raise
        return False
    return True
