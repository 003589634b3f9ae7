"""The programs that Holdfast's stripping of mails is measured against, asked from their own environment.

    PEERS_PYTHON benchmarks/mail_peers.py < CASES > ANSWERS

Knows nothing of Holdfast. Reads a JSON list of `{"kind": "text"|"html", "body": ...}` and writes, for each program that
can be imported, its replies and what a mail took it in ms. talon's own signature model needs a scikit-learn of 2019;
its rules for signatures and all its rules for quotes are measured, with chardet for the library it names and no more.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import types
from collections.abc import Callable
from typing import Any

Strip = Callable[[str, str], tuple[str, str]]  # kind and body to reply and signature


def talon() -> Strip:
    sys.modules.setdefault("cchardet", importlib.import_module("chardet"))
    package = importlib.import_module("talon.quotations")
    stub = types.ModuleType("talon.signature")
    stub.__path__ = [str(importlib.import_module("talon").__path__[0]) + "/signature"]
    sys.modules["talon.signature"] = stub
    package.register_xpath_extensions()
    html: Any = importlib.import_module("lxml.html")
    signatures = importlib.import_module("talon.signature.bruteforce")

    def strip(kind: str, body: str) -> tuple[str, str]:
        if kind == "signature":
            text, signature = signatures.extract_signature(body)
            return text or "", signature or ""
        if kind == "html":
            return html.fromstring(package.extract_from_html(body)).text_content(), ""
        return package.extract_from_plain(body), ""

    return strip


def email_reply_parser() -> Strip:
    parser = importlib.import_module("email_reply_parser").EmailReplyParser

    def strip(kind: str, body: str) -> tuple[str, str]:
        if kind == "html":
            raise ValueError("plain text only")
        if kind == "signature":
            parts = parser.read(body).fragments
            return parser.parse_reply(body), "\n".join(part.content for part in parts if part.signature)
        return parser.parse_reply(body), ""

    return strip


def mail_parser_reply() -> Strip:
    parser: Any = importlib.import_module("mailparser_reply").EmailReplyParser(
        languages=["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs", "ja", "ko", "zh"]
    )

    def strip(kind: str, body: str) -> tuple[str, str]:
        if kind == "html":
            raise ValueError("plain text only")
        reply = parser.read(text=body).replies[0]
        return (reply.body, reply.signatures or "") if kind == "signature" else (reply.content, "")

    return strip


def main() -> None:
    cases = json.load(sys.stdin)
    answers: dict[str, Any] = {}
    for make in (talon, email_reply_parser, mail_parser_reply):
        try:
            strip = make()
        except (ImportError, AttributeError, TypeError) as error:
            answers[make.__name__] = {"missing": repr(error)}
            continue
        replies: list[list[str] | None] = []
        started = time.perf_counter()
        for case in cases:
            try:
                replies.append(list(strip(case["kind"], case["body"])))
            except (ValueError, IndexError, AttributeError, TypeError):
                replies.append(None)  # it cannot read this kind, or fails on it
        took_ms = (time.perf_counter() - started) * 1000 / max(1, len(cases))
        answers[make.__name__] = {"replies": replies, "ms_a_mail": round(took_ms, 3)}
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
