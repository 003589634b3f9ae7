"""Whether a message was written by a program: an answer in absence, a receipt, a mail that came back.

Knows nothing of where the message stands; headers and text are asked apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from holdfast.corpus.mail.closings import ABSENT, BOUNCED, COMES_BACK, PROGRAM_SUBJECTS, RECEIPT, THANKS

MOST_CHARACTERS = 1000
"""An answer in absence is short; what is longer was written by somebody."""
GREETING = 30
"""Characters that may stand before what it says."""
_OPENING = 200
_RETURN_CODES = re.compile(
    r"(?<!\d)[45]\.\d{1,3}\.\d{1,3}(?!\d)|(?<!\d)55\d(?!\d)|smtp|mailbox|postmaster|mailer-daemon"
)
_TITLE = re.compile(r"\W{0,4}(?:re|aw|sv)?\W{0,3}")


def automatic(text: str) -> bool:
    """Whether a text says of itself that nobody wrote it. One that asks something was written by somebody."""
    if len(text) > MOST_CHARACTERS * 4:
        return False
    said = " ".join(text.lower().split())
    opening = said[:_OPENING]
    if "?" not in said and len(said) <= MOST_CHARACTERS and (_absent(said, opening) or RECEIPT.search(opening)):
        return True
    return any(said[:_OPENING].find(phrase) in range(0, 40) for phrase in BOUNCED) and bool(_RETURN_CODES.search(said))


def _absent(said: str, opening: str) -> bool:
    """Whether the absence is what a text begins with, behind a greeting or thanks at most, and the return is told."""
    start = min((at for phrase in ABSENT if (at := opening.find(phrase)) >= 0), default=-1)
    if start < 0 or not any(phrase in said for phrase in COMES_BACK):
        return False
    return start <= GREETING or any(phrase in opening[:start] for phrase in THANKS)


def automatic_by_headers(headers: Mapping[str, str]) -> bool:
    """Whether a mail's headers, names in lower case, say that a program sent it (RFC 3834 and what came before it)."""
    submitted = headers.get("auto-submitted", "").split(";")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if any(name in headers for name in ("x-autoreply", "x-autorespond", "x-auto-reply", "x-failed-recipients")):
        return True
    if headers.get("precedence", "").strip().lower() in {"auto_reply", "auto-reply"}:
        return True
    if headers.get("x-auto-response-suppress", "").strip().lower() == "all" and headers.get(
        "x-ms-exchange-inbox-rules-loop"
    ):
        return True
    if headers.get("return-path", "").strip() == "<>":
        return True
    return headers.get("content-type", "").strip().lower().startswith("multipart/report")


def automatic_by_subject(subject: str) -> bool:
    """Whether a subject is one that programs write: `Automatic reply: …`, `Undeliverable: …`."""
    said = subject.lower()
    opening = _TITLE.match(said)
    return said[opening.end() if opening else 0 :].startswith(PROGRAM_SUBJECTS)
