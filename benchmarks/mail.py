"""How well quotes and signatures of mails are told from their words, beside other programs, and what it costs.

    python benchmarks/mail.py [--peers PYTHON]

Reads talon's fixtures and the AESLC mails in shared/data beside or above the repository; the cases of clients and
languages are those of Holdfast's own tests, so that they say what the others cover and nothing of how good Holdfast is.
PYTHON is one with `talon`, `email-reply-parser` or `mail-parser-reply`. Prints, and writes the figures under
benchmarks/results.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from email import message_from_string, policy
from pathlib import Path
from typing import Any

from holdfast.corpus.mail.strip import Stripped, strip_reply, strip_reply_html

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), None)
CLIENT_LINES = ("Sent ", "--", "xxx")  # of the fixtures: a client's mark below the reply, no quote


@dataclass(frozen=True, slots=True)
class Case:
    group: str
    kind: str  # text, html or signature
    body: str
    reply: str
    signature: str = ""
    sender: str = ""


def fixtures() -> list[Case]:
    """talon's fixtures by the protocol of its own tests: the reply without quotes, or the signature."""
    if DATA is None:
        return []
    rows: dict[str, str] = {}
    for file in sorted((DATA / "email_reply_parsing_talon").rglob("*.jsonl")):
        rows |= {row["id"]: row["text"] for row in map(json.loads, file.read_text("utf-8").splitlines())}
    cases = []
    for name, text in rows.items():
        if name.endswith(".eml"):
            part = message_from_string(text, policy=policy.default).get_body(("plain",))
            reply = rows.get(name.removesuffix(".eml") + "_reply_text", "Hello")
            if part is not None:
                cases.append(Case("fixtures, text", "text", part.get_content(), reply))
        elif name.endswith(".html"):
            reply = "Reply" if "OLK" in name else "Hi. I am fine. Thanks, Alex"
            cases.append(Case("fixtures, HTML", "html", text, reply))
        elif name.endswith("_body") and name.removesuffix("body") + "signature" in rows:
            signature = rows[name.removesuffix("body") + "signature"].strip()
            sender = rows.get(name.removesuffix("body") + "sender", "").strip()
            body = text.strip()
            reply = body.removesuffix(signature).strip()
            cases.append(Case("fixtures, signature", "signature", body, reply, signature, sender))
    return cases


def spoken() -> list[Case]:
    from tests.unit.corpus.test_mail_closings import BODY, DEVICES, FAREWELLS
    from tests.unit.corpus.test_mail_quotes import ATTRIBUTIONS, HEADERS, HTML_QUOTES, ORIGINALS

    said = "The red lamp blinks."
    cases = [
        Case("own: sentences", "text", f"{said}\n\n{line}\n> Which lamp?\n> And when?\n", said) for line in ATTRIBUTIONS
    ]
    cases += [Case("own: headers", "text", f"{said}\n\n{block}\n\nWhich lamp?\n", said) for block in HEADERS.values()]
    cases += [Case("own: titles", "text", f"{said}\n\n{line}\nAnn: Which lamp?\n", said) for line in ORIGINALS]
    cases += [Case("own: HTML", "html", f"<div>{said}</div><br>{quote}", said) for quote in HTML_QUOTES.values()]
    for farewell in FAREWELLS:
        below = f"{farewell},\nAnn Lee"
        cases.append(Case("own: farewells", "signature", f"{BODY}\n\n{below}", BODY, below))
    cases += [Case("own: devices", "signature", f"{BODY}\n\n{line}", BODY, line) for line in DEVICES]
    return cases


def right(case: Case, reply: str, signature: str) -> bool:
    """Exactly the reply, white space apart, and of a case of signatures exactly the signature."""
    if case.group == "fixtures, text" and case.reply == "Hello":
        reply = "\n".join(line for line in reply.splitlines() if not line.startswith(CLIENT_LINES))
    same = "".join(reply.split()) == "".join(case.reply.split())
    return same and (case.kind != "signature" or signature.split() == case.signature.split())


def ours(case: Case) -> tuple[str, str]:
    strip = strip_reply_html if case.kind == "html" else strip_reply
    stripped: Stripped = strip(case.body, sender=case.sender)
    if case.kind == "signature":
        return stripped.text, "\n".join(part.text for part in stripped.removed)
    return stripped.without("quote"), ""


def shares(replies: list[tuple[str, str] | None], cases: list[Case]) -> dict[str, str]:
    total = Counter(case.group for case in cases)
    good = Counter(
        case.group for case, reply in zip(cases, replies, strict=True) if reply is not None and right(case, *reply)
    )
    return {group: f"{good[group]}/{count}" for group, count in total.items()}


def cuts() -> dict[str, Any]:
    """Of real mails, how many lose what, and what a mail takes."""
    if DATA is None:
        return {}
    files = sorted((DATA / "email_aeslc").rglob("*.jsonl"))
    bodies = [json.loads(line)["body"] for file in files for line in file.read_text("utf-8").splitlines()]
    kinds: Counter[str] = Counter()
    started = time.perf_counter()
    for body in bodies:
        kinds.update({part.kind for part in strip_reply(body).removed})
    took_s = time.perf_counter() - started
    mean = sum(map(len, bodies)) / len(bodies)
    found = {kind: round(count / len(bodies), 4) for kind, count in kinds.most_common()}
    return {
        "mails": len(bodies),
        "characters": round(mean),
        "ms_a_mail": round(took_s * 1000 / len(bodies), 3),
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a Python with the other programs")
    python = parser.parse_args().peers
    cases = fixtures() + spoken()
    started = time.perf_counter()
    replies: list[tuple[str, str] | None] = [ours(case) for case in cases]
    took_ms = (time.perf_counter() - started) * 1000 / len(cases)
    result: dict[str, Any] = {"node": platform.node(), "cases": len(cases)}
    result["holdfast"] = shares(replies, cases) | {"ms_a_mail": round(took_ms, 3)}
    if python:
        given = json.dumps([{"kind": case.kind, "body": case.body} for case in cases])
        ran = subprocess.run([python, HERE / "mail_peers.py"], input=given, capture_output=True, text=True, check=True)
        for name, answer in json.loads(ran.stdout).items():
            if "missing" in answer:
                result[name] = answer
            else:
                peers = [None if reply is None else (reply[0], reply[1]) for reply in answer["replies"]]
                result[name] = shares(peers, cases) | {"ms_a_mail": answer["ms_a_mail"]}
    result["aeslc"] = cuts()
    for name, value in result.items():
        print(f"{name:20} {re.sub(r'[{}]', '', str(value))}")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "mail.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
