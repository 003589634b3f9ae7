"""A file of many mails (mbox) cut into its mails.

Knows nothing of what a mail says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_START = re.compile(rb"^From [^\n]{1,300}\d\d:\d\d[^\n]{0,100}\n(?=[A-Za-z-]{1,80}:)", re.M)
_GUARDED = re.compile(rb"^>(>*From )", re.M)


def split_mailbox(data: bytes) -> Iterator[bytes]:
    """Each mail of an mbox, in order, its `>From ` lines restored; the whole where no line starts a mail.

    A mail starts at a line `From WHO WHEN` with a time in it and a header below, so that a sentence that begins with
    the word starts none, also where a program forgot to guard it.
    """
    data = data.replace(b"\r\n", b"\n")
    starts = [found.start() for found in _START.finditer(data)]
    if not starts:
        yield data
        return
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        mail = data[data.index(b"\n", start) + 1 : end]
        yield _GUARDED.sub(rb"\1", mail)
