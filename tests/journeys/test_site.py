"""A project whose help is a site answers from its pages, and no longer from one that is gone."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from holdfast.app import open_configured
from holdfast.config import load_config
from holdfast.records import Retrieve


async def test_pages_of_a_site_are_found_until_they_are_gone(tmp_path: Path) -> None:
    pages = {"/zebra": "<p>Zebras sleep while standing.</p>", "/walrus": "<p>Walruses sing at night.</p>"}

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/sitemap.xml":
            urls = "".join(f"<url><loc>http://{request.host}{path}</loc></url>" for path in pages)
            return web.Response(text=f"<urlset>{urls}</urlset>", content_type="application/xml")
        html = pages.get(request.path)
        return web.Response(status=404) if html is None else web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (tmp_path / "features.py").write_text("import holdfast as hf\n\napp = hf.App()\n")
    (tmp_path / "holdfast.toml").write_text(
        f'[corpora.site]\nsource = "web"\nsitemap = "http://127.0.0.1:{runner.addresses[0][1]}/sitemap.xml"\n'
        'private_hosts = ["127.0.0.1"]\ndelay_s = 0.0\n'
    )
    project = await open_configured(load_config(tmp_path, {}), encoder=False)

    async def found(query: str) -> list[str]:
        (report,) = await project.sync()
        passages = await project.corpora.search(Retrieve(corpus=f"site@{report.version}", query=query))
        return [passage.document.rpartition("/")[2] for passage in passages]

    try:
        assert await found("zebras") == ["zebra"]
        assert await found("walruses") == ["walrus"]
        pages["/yak"] = "<p>Yaks carry loads.</p>"
        del pages["/zebra"]
        assert await found("zebras") == []
        assert await found("yaks") == ["yak"]
    finally:
        await project.close()
        await runner.cleanup()
