"""A project whose help is in files of every kind answers from them, images too, and says what it could not read."""

from __future__ import annotations

from pathlib import Path

from holdfast.app import open_configured
from holdfast.config import load_config
from holdfast.records import Retrieve
from holdfast.testing import FakeModel
from office import canvas_pdf, lines, slides, word

CONFIG = """
[corpora.help]
source = "folder"
path = "files"
images = "fake:seer"
"""


async def test_files_and_images_are_found_and_an_image_is_paid_for_once(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("import holdfast as hf\n\napp = hf.App()\n")
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.pdf").write_bytes(canvas_pdf(lambda canvas: lines(canvas, ["Zebras sleep while standing."])))
    (files / "b.docx").write_bytes(word(lambda document: document.add_paragraph("Walruses sing at night.")))
    (files / "c.pptx").write_bytes(slides(lambda deck: None))
    (files / "d.png").write_bytes(b"\x89PNG")
    (files / "e.png").write_bytes(b"\x89PNG nothing")
    (files / "f.heic").write_bytes(b"x")
    seer = FakeModel(["# Sign\n\nBeware of the crocodile.", "-"])
    for _ in range(2):
        project = await open_configured(load_config(tmp_path, {}), models={"fake": seer}, encoder=False)
        try:
            (report,) = await project.sync()
            found = await project.corpora.search(Retrieve(corpus=f"help@{report.version}", query="crocodile"))
        finally:
            await project.close()
        assert [passage.document for passage in found] == ["d.png"]
        assert report.kept == 3
        assert {group.reason for group in report.passed} == {
            "image: there is nothing to be read in it",
            "no text is left after cleaning",
            "not a kind of file that is read (.heic)",
        }
        assert [request.messages[0].media[0].data for request in seer.requests] == [b"\x89PNG", b"\x89PNG nothing"]
        assert seer.requests[0].models == ("fake:seer",)
