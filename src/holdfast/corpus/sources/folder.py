"""A folder of documents of every kind as a source.

Knows nothing of what is in them: a file's name, its front matter and the file beside it that describes it are all it
reads. What cannot become a document is passed, with the reason and how the file's name ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from holdfast.corpus.described import Described, Pictures
from holdfast.corpus.markdown import hides_principals, split_front_matter
from holdfast.corpus.sources.files import SIDECARS, Files, Found, TooLarge, threaded
from holdfast.corpus.sources.globs import Globs
from holdfast.corpus.sources.mbox import Mail, mails
from holdfast.corpus.sources.values import moment_of, names_of, path_of, plain, text_of, truth_of
from holdfast.corpus.text import decode
from holdfast.errors import EffectFailed, Misconfigured
from holdfast.identity import digest
from holdfast.records import Json
from holdfast.sources import MediaType, Passed, RawDocument

Fields = Mapping[str, Any]
MB = 1_000_000
MOST_SIDECAR = 100_000
FIELDS = ("id", "title", "url", "section", "locale", "updated", "draft", "principals")

_WORD: MediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SLIDES: MediaType = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_SHEETS: MediaType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: Mapping[str, MediaType] = MappingProxyType(
    {
        ".md": "text/markdown", ".markdown": "text/markdown", ".mdx": "text/markdown",
        ".html": "text/html", ".htm": "text/html", ".xhtml": "text/html",
        ".txt": "text/plain", ".text": "text/plain",
        ".csv": "text/csv", ".tsv": "text/csv",
        ".pdf": "application/pdf", ".docx": _WORD, ".pptx": _SLIDES, ".xlsx": _SHEETS,
        ".eml": "message/rfc822",
    }
)  # fmt: skip
"""What a file is, by how its name ends."""
IMAGES: Mapping[str, str] = MappingProxyType(
    {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
)
MAILBOX = ".mbox"
_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys((".docm", ".pptm", ".xlsm"), "it holds macros: save it without them, as .{}x"),
        **dict.fromkeys((".doc", ".ppt", ".xls"), "the old kind of its format: save it as .{}x"),
    }
)


class FolderOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a corpus says of its folder. `principals` may see what says nothing itself of who may see it.

    `images` is the model (`provider:model`) that says what is in images; None: they are not read.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    images: str | None = None
    max_file_mb: float = 50.0


class _Image(Struct, frozen=True):
    """An image to be described, and the document that its description becomes."""

    data: bytes
    media_type: str
    document: RawDocument


class FolderSource:
    """Every document below `path`, a folder or a URL that fsspec can list; `options` as in `FolderOptions`.

    Markdown may begin with front matter: `title`, `url`, `section` (a list, or `A > B`), `locale`, `updated`, `draft`,
    `principals` (who may see it) and `id`; anything else there becomes metadata. A file of any kind may have the same
    beside it, in `NAME.meta.yaml` or `NAME.meta.json`, which goes before. Without them, the id is the relative path,
    the section the folders on the way, and the time that of the file. A mailbox gives a document for each mail.
    """

    def __init__(self, path: str, *, pictures: Pictures | None = None, **options: Any) -> None:
        lists = {key: [value] for key, value in options.items() if key in ("include", "exclude", "principals")
                 and isinstance(value, str)}  # fmt: skip
        try:
            self._options = msgspec.convert({**options, **lists}, FolderOptions, strict=True)
        except msgspec.ValidationError as error:
            raise Misconfigured(
                "HF100", f"a setting of the source is wrong: {error}", "check the settings of the corpus"
            ) from error
        self._files = Files(path, Globs(self._options.include, self._options.exclude))
        self._most = int(self._options.max_file_mb * MB)
        self._described: Described | None = None
        if self._options.images is not None:
            self._described = (pictures or Pictures(Path(), None)).by(self._options.images)

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        async for item in threaded(self._read()):
            yield await self._told(item) if isinstance(item, _Image) else item
        if self._described is not None:
            await self._described.forget_others()

    async def _told(self, image: _Image) -> RawDocument | Passed:
        """The document that an image becomes by what the model says of it."""
        assert self._described is not None
        document = image.document
        try:
            text = await self._described.text(image.data, image.media_type)
        except EffectFailed as error:
            return Passed(id=document.id, reason=f"image: {error.message}", failed=True)
        if not text:
            return Passed(id=document.id, reason="image: there is nothing to be read in it")
        return msgspec.structs.replace(document, body=text)

    def _read(self) -> Iterator[RawDocument | Passed | _Image]:
        for found in self._files.found():
            if isinstance(found, Passed):
                yield found
                continue
            kind = PurePosixPath(found.shown).suffix.lower()
            if kind == MAILBOX:
                yield from self._mailbox(found)
            else:
                yield self._item(found, kind)

    def _item(self, found: Found, kind: str) -> RawDocument | Passed | _Image:
        unread = self._unread(found.shown, kind)
        if unread is not None:
            return unread
        if found.size is not None and found.size > self._most:
            return self._too_large(found.shown, found.size)
        try:
            fields = self._sidecar(found)
            data = self._files.read(found.name, self._most)
        except OSError as error:
            return Passed(id=found.shown, reason=f"unreadable: {error.strerror or error}", failed=True)
        except TooLarge:
            return self._too_large(found.shown, found.size)
        if isinstance(fields, Passed):
            return fields
        if not data.strip():
            return Passed(id=found.shown, reason="empty file")
        if kind in IMAGES:
            made = self._document(found, "", "text/markdown", fields)
            return made if isinstance(made, Passed) else _Image(data, IMAGES[kind], made)
        if KINDS[kind] != "text/markdown" or b"\0" in data:
            return self._document(found, data, KINDS[kind], fields)
        text, _ = decode(data, None)
        if "principals" not in fields and hides_principals(text):
            reason = "its front matter cannot be read, so that nobody knows who may see this"
            return Passed(id=found.shown, reason=reason, failed=True)
        try:
            front, text = split_front_matter(text)
        except ValueError:
            front = {}  # cleaning says so, as a finding of this document
        return self._document(found, text, "text/markdown", {**front, **fields})

    def _unread(self, shown: str, kind: str) -> Passed | None:
        """Why a file of that kind is not read; None where it is."""
        if kind in KINDS or (kind in IMAGES and self._described is not None):
            return None
        if kind in IMAGES:
            return Passed(id=shown, reason=f"image: no vision model is configured ({kind})")
        if kind in _INSTEAD:
            return Passed(id=shown, reason=f"not read ({kind}): {_INSTEAD[kind].format(kind[1:4])}", failed=True)
        if any(shown.endswith(end) for end in SIDECARS):
            return Passed(id=shown, reason="it describes a file that is not there")
        if kind in (".jsonl", ".ndjson", ".json"):
            return Passed(id=shown, reason=f'rows ({kind}): a corpus with source = "rows" reads them')
        return Passed(id=shown, reason=f"not a kind of file that is read ({kind or 'no ending'})")

    def _too_large(self, shown: str, size: int | None) -> Passed:
        said = f"{size / MB:.4g} MB" if size is not None else "more"
        reason = f"too large: {said}, and {self._options.max_file_mb:g} MB are read (max_file_mb)"
        return Passed(id=shown, reason=reason, failed=True)

    def _mailbox(self, found: Found) -> Iterator[RawDocument | Passed]:
        """Each mail as a document; a copy of an earlier one is passed."""
        try:
            fields = self._sidecar(found)
            if isinstance(fields, Passed):
                yield fields
                return
            with self._files.open(found.name) as handle:
                yield from self._mails(found, mails(handle, self._most), fields)
        except OSError as error:
            yield Passed(id=found.shown, reason=f"unreadable: {error.strerror or error}", failed=True)
        except ValueError as error:
            yield Passed(id=found.shown, reason=str(error), failed=True)

    def _mails(self, found: Found, sent: Iterator[Mail], fields: Fields) -> Iterator[RawDocument | Passed]:
        seen: dict[str, str] = {}  # ids with the hashes of what they name: one id is used for several mails by some
        copies = 0
        for mail in sent:
            mail_id, hashed = f"{found.shown}#{mail.id}", digest(mail.body or b"", 16)
            if seen.get(mail_id, hashed) != hashed:
                mail_id = f"{mail_id}~{hashed}"
            if mail_id in seen:
                copies += 1
                yield Passed(id=f"{mail_id}~copy{copies}", reason="a copy of an earlier mail in the same mailbox")
                continue
            seen[mail_id] = hashed
            if mail.body is None:
                yield self._too_large(mail_id, None)
            elif not mail.body.strip():
                yield Passed(id=mail_id, reason="empty mail")
            else:
                own = {key: value for key, value in fields.items() if key not in ("id", "title", "updated")}
                one = Found(name=found.name, shown=mail_id)  # when it was written stands in it
                yield self._document(one, mail.body, "message/rfc822", {"section": _folders(found.shown), **own})

    # ------------------------------------------------------------ what is known of a file

    def _sidecar(self, found: Found) -> Fields | Passed:
        """What the file beside it says; passed where that cannot be read, since it may say who must not see it.

        Raises OSError.
        """
        if found.sidecar is None:
            return {}
        import yaml

        try:
            said = yaml.safe_load(decode(self._files.read(found.sidecar, MOST_SIDECAR), None)[0])
        except TooLarge:
            problem = "it is too large"
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            problem = " ".join(str(error).split())
        else:
            if isinstance(said, Mapping):
                return {str(key): value for key, value in said.items()}
            if said is None:
                return {}
            problem = "it is no mapping"
        name = PurePosixPath(found.sidecar).name
        reason = f"{name} cannot be read, so that nobody knows who may see this: {problem}"
        return Passed(id=found.shown, reason=reason, failed=True)

    def _document(self, found: Found, body: str | bytes, media_type: MediaType, fields: Fields) -> RawDocument | Passed:
        document_id = text_of(fields.get("id")) or found.shown
        if truth_of(fields.get("draft")):
            return Passed(id=document_id, reason="draft")
        updated = fields.get("updated")
        updated_at = found.updated_at if updated is None else moment_of(updated)
        metadata: dict[str, Json] = {str(key): plain(value) for key, value in fields.items() if key not in FIELDS}
        if updated is not None and updated_at is None:
            metadata["updated"] = plain(updated)  # not a date, but somebody's
        return RawDocument(
            id=document_id,
            body=body,
            media_type=media_type,
            title=text_of(fields.get("title")) or None,
            url=text_of(fields.get("url")) or None,
            section=path_of(fields.get("section")) or _folders(found.shown),
            locale=text_of(fields.get("locale")) or None,
            updated_at=updated_at,
            principals=names_of(fields["principals"]) if "principals" in fields else self._options.principals,
            metadata=metadata,
        )


def _folders(name: str) -> tuple[str, ...]:
    return PurePosixPath(name).parts[:-1]
