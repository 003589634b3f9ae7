"""No word of a mail is lost or doubled, whatever the mail, and time is linear in it."""

import gc
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.corpus.html import clean_html
from holdfast.corpus.mail.lines import words
from holdfast.corpus.mail.message import read_mail
from holdfast.corpus.mail.strip import strip_reply, strip_reply_html

LINES = [
    "",
    "",
    "The red lamp blinks.",
    "> Which lamp?",
    "> > And when?",
    ">",
    "On Thu, Jun 26, 2014 at 2:14 PM, Ann Lee <a@b.co> wrote:",
    "It blinks. On Jun 26, 2014, at 2:14 PM, Ann wrote:",
    "Am 26.06.2014 um 14:14 schrieb Ann",
    "<a@b.co>:",
    "From: Ann <a@b.co>",
    "Sent: Thursday",
    "To: Bo",
    "Subject: Lamp",
    "**Von:** Ann",
    "________________________________",
    "-----Original Message-----",
    "---",
    "-- ",
    "--",
    "---------- Forwarded message ---------",
    "##- Please type your reply above this line -##",
    "Best regards,",
    "Thanks",
    "Ann Lee",
    "Sent from my iPhone",
    "+1 555 123 4567",
    "www.example.com",
    "- one",
    "2. two",
    "Is it red?",
    "\u2028",
    "\r",
    "\x0c",
    "\ufdd0",
    "\ufdd1 x \ufdd3",
    "This e-mail is confidential. If you are not the intended recipient, notify the sender.",
    "I am out of office until Monday.",
    "> [!NOTE]",
    "\\> typed",
    "写道：",
    "よろしくお願いします。",
    "\ud83d\ude00",
    "x" * 500,
]
mails = st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=40).map("\n".join)
TAGS = [
    "<div>",
    "</div>",
    "<div class=gmail_quote>",
    "<blockquote type=cite>",
    "<blockquote>",
    "</blockquote>",
    "<p>",
    "</p>",
    "<br>",
    '<div class="moz-signature">',
    '<div id="divRplyFwdMsg">',
    "<span class=yahoo_quoted>",
    "</span>",
    "<table><tr><td>",
    "</td></tr></table>",
    "<hr>",
    "<ul><li>",
    "</ul>",
    "<b>From:</b> Ann",
    "<b>Sent:</b> Thursday",
    "<b>Subject:</b> Lamp",
    "<div class='gmail_signature'>",
    "<!--",
    "-->",
]
pages = st.lists(st.sampled_from(TAGS + LINES) | st.text(max_size=20), max_size=40).map("".join)


@given(mails)
@settings(max_examples=400)
def test_what_is_kept_and_what_is_removed_are_the_words_of_the_mail_in_order(text: str) -> None:
    stripped = strip_reply(text)
    assert words("".join(part.text for part in stripped.parts)) == words(text)
    assert sorted(words(stripped.text) + [w for part in stripped.removed for w in words(part.text)]) == sorted(
        words(text)
    )


@given(pages)
@settings(max_examples=300, deadline=None)
def test_the_words_of_html_are_kept_or_removed_too(html: str) -> None:
    stripped = strip_reply_html(html)
    together = words("".join(part.text for part in stripped.parts))
    assert sorted(together) == sorted(words(stripped.text) + [w for part in stripped.removed for w in words(part.text)])
    if "<!--" not in html and "<table" not in html:
        assert "".join(together) == "".join(words(clean_html(html).text))


@given(mails)
def test_a_mail_that_says_something_is_left_with_something_unless_nobody_wrote_it_now(text: str) -> None:
    stripped = strip_reply(text)
    if words(text) and not words(stripped.text):
        assert {part.kind for part in stripped.removed} & {"auto_reply", "quote"}


@given(
    st.binary(max_size=400)
    | mails.map(lambda text: ("Subject: Re: x\nContent-Type: text/plain\n\n" + text).encode("utf-8", "replace"))
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_as_a_mail(data: bytes) -> None:
    read_mail(data)


HEADS = [
    b"Content-Type: multipart/mixed; boundary=b\n",
    b'Content-Type: multipart/alternative; boundary="c"\n',
    b"Content-Type: text/html; charset=x-none\n",
    b"Content-Type: text/plain; charset=utf-16\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Type\n",
    b"Content-Disposition: attachment; filename*=utf-8''%ff\n",
    b"Content-Type: application/pgp-encrypted\n",
    b"Subject: =?utf-8?b?\xff?=\n",
    b"\n",
    b"\n\n",
    b"--b\n",
    b"--b--\n",
    b"--c\n",
    b"--c--\n",
    b"PGI+aGk8L2I+\n",
    b"<b>hi</b>\n",
    b"\xff\xfe\x00a\n",
    b"From: =?x?q?=?=\n",
    b"Content-Type: text/calendar\n",
    b"BEGIN:VEVENT\nSUMMARY:x\n",
    b"Content-Transfer-Encoding: x-uuencode\n",
    b"begin 644 a\n#0V%T\nend\n",
    b"Content-Type: multipart/report; boundary=b\n",
    b"Content-Type: message/delivery-status\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"=E9=\n",
]


@given(st.lists(st.sampled_from(HEADS) | st.binary(max_size=20), max_size=30).map(b"".join))
@settings(max_examples=500, deadline=None)
def test_broken_mime_is_read_without_an_error(data: bytes) -> None:
    read_mail(data)


HOSTILE = [
    "On ",
    ">",
    ">\n",
    "From: a@b\n",
    "On 1.1.2014 14:14\n",
    "On 1.1.2014 14:14 Bob wrote:\n",
    "\n",
    "[",
    "[a](",
    "*",
    "--\n",
    "Thanks,\n",
    "12 ",
    "a@",
    "Bob Lee\nbob@x.com\n\n",
    "___\n\n",
    "> a\n\nb\n\n",
    "From: a@b.c\nSent: x\nTo: y\nSubject: z\n\n",
    "best regards and ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_mail_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        taken = []
        gc.disable()  # what other tests left in memory is no part of what a mail takes
        try:
            for _ in range(3):
                started = time.process_time()
                strip_reply(text)
                taken.append(time.process_time() - started)
        finally:
            gc.enable()
        return min(taken)

    assert seconds(80_000) < 0.1 + 12 * max(seconds(20_000), 0.005)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: multipart/mixed; boundary=" + b';"' * 500_000,
        b"Content-Type: text/plain; " + b"a=b; " * 200_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 70_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000)),
    ],
    ids=["boundary", "parameters", "encoded words", "nesting"],
)
def test_a_megabyte_of_hostile_headers_is_read_in_a_moment(header: bytes) -> None:
    started = time.process_time()
    read_mail(header + b"\n\nx")
    assert time.process_time() - started < 3
