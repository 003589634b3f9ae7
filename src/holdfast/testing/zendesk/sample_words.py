"""What people write on tickets: every habit of mail and chat that breaks a pipeline, each in small.

Knows nothing of accounts. The key says what is the matter with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NOTE_WORD = "zqcanary"
"""Stands in every internal note of a generated account, and nowhere else."""

PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "reply line": "It works now.\n\n##- Please type your reply above this line -##\n\nAgent: Did it help?",
        "outlook in plain text": "Yes please.\n\nFrom: Agent <help@acme.example>\nSent: Monday, March 2, 2026 9:00 AM\n"
        "To: Kim <kim@example.com>\nSubject: RE: Invoice\n\nShall we send it again?",
        "english quote": "Thanks!\n\nOn Mon, Mar 2, 2026 at 9:00 AM Agent <help@acme.example> wrote:\n> Try again.",
        "german quote": "Danke!\n\nAm 02.03.2026 um 09:00 schrieb Agent <help@acme.example>:\n> Bitte noch einmal.",
        "swedish quote": "Tack!\n\nDen mån 2 mars 2026 kl 09:00 skrev Agent <help@acme.example>:\n> Försök igen.",
        "japanese quote": "助かりました。\n\n2026年3月2日(月) 9:00 Agent <help@acme.example>:\n"
        "> もう一度お試しください。",
        "replies between quotes": "> Which plan have you?\nThe yearly one.\n> And which browser?\nFirefox.",
        "signature": "The invoice is wrong.\n\n-- \nKim Larsen\nHead of Purchasing\n+45 5555 0100\n"
        "Cc: bo@example.com, lee@example.com",
        "legal footer": "Please call me.\n\nThis e-mail and any attachment are confidential. If you are not the "
        "intended recipient, delete it and tell the sender.",
        "out of office": "I am out of the office until March 9 and will answer when I am back.",
        "bounce": "Delivery to the following recipient failed permanently: nobody@example.com\n550 5.1.1 User unknown",
        "bot": "Hi! I am the assistant of Acme. Did this article help? Yes / No",
        "chat in one comment": "(09:00:01) Kim: hello\n(09:00:09) Bo: How can I help?\n"
        "(09:01:00) Kim: my card is refused",
        "voice": "Call from: +45 5555 0100\nLength of call: 2 minutes\nTranscription: I would like my money back",
        "secrets": "My card is 4111 1111 1111 1111, the password is hunter2 and the key is sk_test_0000000000000000.",
        "screenshot only": "",
        "wrong, corrected later": "You can cancel within 30 days.",
        "correction": "I was wrong above: you can cancel within 14 days.",
        "macro": "Hello! Thank you for writing to Acme. Please restart the device and write again if it does not help.",
    }
)

HTML: Mapping[str, str] = MappingProxyType(
    {
        "gmail quote": '<div>That helped.</div><div class="gmail_quote">'
        '<div class="gmail_attr">On Mon, Agent wrote:</div>'
        "<blockquote>Press the button.</blockquote></div>",
        "outlook with bold": "<p>Yes.</p><hr><p><b>From:</b> Agent<br><b>Sent:</b> Monday, March 2, 2026<br>"
        "<b>To:</b> Kim<br><b>Subject:</b> Invoice</p><p>Shall we?</p>",
        "outlook without bold": "<p>No.</p><div style='border-top:solid #E1E1E1 1.0pt'><p>From: Agent<br>"
        "Sent: Monday, March 2, 2026<br>To: Kim<br>Subject: Invoice</p></div><p>Shall we?</p>",
    }
)
