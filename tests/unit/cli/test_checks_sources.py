"""`holdfast doctor` asks a help desk whether it lets the project in, before anything is synced."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from holdfast.cli.check import Check
from holdfast.cli.checks_sources import sources
from holdfast.config import load_config
from holdfast.testing.zendesk import ADMIN, TOKEN, ZendeskServer
from zendesk_reading import help_center

TABLE = '[corpora.kb]\nsource = "zendesk"\nbase_url = "{url}"\n'
SIGNED = f'email = "{ADMIN}"\ntoken = "{TOKEN}"\n'


async def checked(folder: Path, server: ZendeskServer, more: str) -> Check:
    (folder / "holdfast.toml").write_text(TABLE.format(url=server.url) + more)
    config = load_config(folder, {})
    (check,) = await asyncio.to_thread(lambda: list(sources(config)))
    return check


async def test_what_a_help_desk_lets_be_read_is_said(tmp_path: Path) -> None:
    made, _ = help_center(3)
    async with ZendeskServer(made) as server:
        check = await checked(tmp_path, server, SIGNED)
        assert check.status == "ok"
        assert "signed in as admin" in check.what
        assert "3 articles, in en-us" in check.what
        check = await checked(tmp_path, server, "")
        assert check.what.startswith("nobody: ")
        made.access.forbidden.add("user_segments")
        assert "user segments may not be read" in (await checked(tmp_path, server, SIGNED)).what
        check = await checked(tmp_path, server, SIGNED + 'content = "tickets"\n')
        assert check.what == "signed in as admin: tickets and their comments can be exported"


@pytest.mark.parametrize("content", ["articles", "tickets"])
async def test_what_it_does_not_is_a_failed_check_with_what_to_type(tmp_path: Path, content: str) -> None:
    made, _ = help_center(1)
    agent = made.people.user("Agent", "agent@acme.example", "agent")
    made.access.grant(agent, "token-of-an-agent")
    signed = f'content = "{content}"\n' + SIGNED
    async with ZendeskServer(made) as server:
        if content == "tickets":
            check = await checked(
                tmp_path, server, signed.replace(ADMIN, agent.email or "").replace(TOKEN, "token-of-an-agent")
            )
            assert (check.status, check.what[:5]) == ("fail", "HF113")
            made.access.support_active = False
            assert "no Support product" in (await checked(tmp_path, server, signed)).what
        made.access.revoke(TOKEN)
        check = await checked(tmp_path, server, signed)
        assert check.status == "fail"
        assert check.fix
        assert TOKEN not in check.what


async def test_settings_that_cannot_work_and_sources_that_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(
        '[corpora.a]\nsource = "zendesk"\n[corpora.b]\nsource = "folder"\npath = "."\n'
    )
    (check,) = sources(load_config(tmp_path, {}))
    assert (check.name, check.status) == ("source of a", "fail")
    assert "subdomain" in check.fix
