"""Mailboxes in the mbox format, mail by mail in a stream. Knows nothing of what is in a mail but its Message-ID.

The format is the one that readers agree on (mboxrd): a mail begins with a line `From ` after an empty line, and such a
line within a mail has a `>` before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

from holdfast.identity import digest

LONGEST_LINE = 1_000_000
_QUOTED = re.compile(rb">+From ")
_ID = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?<?([^<>\s]{1,250})>?", re.IGNORECASE | re.MULTILINE)
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")


class Mail(Struct, frozen=True):
    """A mail as it was sent. `id` is its Message-ID, else a hash of what it says; `body` is None: it was too large."""

    id: str
    body: bytes | None


def mails(handle: BinaryIO, most: int) -> Iterator[Mail]:
    """Every mail in turn, never more than one and a line in memory; what has more than `most` bytes has no body.

    Raises OSError, and ValueError where the file is no mailbox.
    """
    kept: list[bytes] = []
    size = 0
    begun = False
    empty = True  # whether the line before was
    while line := handle.readline(LONGEST_LINE):
        if empty and line.startswith(b"From "):
            if begun:
                yield _mail(kept, size, most)
            kept, size, begun, empty = [], 0, True, False
            continue
        if not begun:
            if line.strip():
                raise ValueError("not a mailbox: it does not begin with a line From")
            continue
        empty = not line.strip(b"\r\n")
        plain = line[1:] if _QUOTED.match(line) else line
        if size <= most:
            kept.append(plain)
        size += len(plain)
    if begun:
        yield _mail(kept, size, most)


def _mail(lines: list[bytes], size: int, most: int) -> Mail:
    if lines and not lines[-1].strip(b"\r\n"):
        lines = lines[:-1]  # the empty line that ends a mail is the mailbox's
    body = b"".join(lines)
    head = body[: found.start()] if (found := _HEAD_ENDS.search(body)) else body
    named = _ID.search(head)
    mail_id = named[1].decode("ascii", "backslashreplace") if named else digest(body, 16)
    return Mail(mail_id, body if size <= most else None)
