"""Mails as files: which part is read, what is named, what nobody wrote, and the title."""

from email.message import EmailMessage

import pytest

from holdfast.corpus.mail.message import plain_subject, read_mail
from holdfast.corpus.prepare import prepare
from holdfast.sources import Passed, RawDocument


def mail(text: str = "The red lamp blinks.", html: str | None = None, **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {
        "From": "Ann Lee <ann@example.com>",
        "To": "help@example.com",
        "Subject": "Lamp",
        **headers,
    }.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def codes(data: bytes) -> dict[str, int]:
    return {finding.code: finding.count for finding in read_mail(data).findings}


def test_a_mail_is_its_words_under_its_subject_and_nobodys_address() -> None:
    cleaned = read_mail(mail("The red lamp blinks.\n\nann lee\n", Subject="Re: AW: [ext] Fwd: Lamp").as_bytes())
    assert cleaned.title == "Lamp"
    assert cleaned.text == "The red lamp blinks."
    assert "example.com" not in cleaned.text
    assert [(part.kind, part.text) for part in cleaned.removed] == [("signature", "ann lee")]


@pytest.mark.parametrize(
    ("subject", "title", "forwarded"),
    [
        ("Re: Lamp", "Lamp", False),
        ("RE: FW: re: Lamp", "Lamp", True),
        ("Re[2]: Lamp", "Lamp", False),
        ("AW: WG: Lampe", "Lampe", True),
        ("SV: VS: Lampa", "Lampa", False),
        ("VB: RV: Lampa", "Lampa", True),
        ("Re: VL: TR: Doorst: Lamp", "Lamp", True),
        ("回复：转发: 灯", "灯", True),
        ("Re:", None, False),
        ("", None, False),
        ("Report: lamps", "Report: lamps", False),
        ("Retry: lamps", "Retry: lamps", False),
    ],
)
def test_marks_of_answers_and_forwards_are_no_part_of_a_title(subject: str, title: str | None, forwarded: bool) -> None:
    assert plain_subject(subject) == (title, forwarded)


def test_html_is_read_where_it_has_structure_and_plain_text_where_it_has_none() -> None:
    table = "<table><tr><th>Lamp</th><th>Volt</th></tr><tr><td>X2</td><td>12</td></tr></table>"
    assert "| X2 | 12 |" in read_mail(mail("Lamp X2 12", table).as_bytes()).text
    assert read_mail(mail("plain words", "<div>html words</div>").as_bytes()).text == "plain words"
    assert read_mail(mail("", "<div>html words</div>").as_bytes()).text == "html words"


def test_attachments_are_named_and_not_read() -> None:
    message = mail()
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    message.add_attachment("secret words", filename="notes.txt")
    message.add_attachment(b"x", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    cleaned = read_mail(message.as_bytes())
    assert cleaned.text == "The red lamp blinks."
    (finding,) = (finding for finding in cleaned.findings if finding.code == "attachment_unread")
    assert finding.count == 3
    assert "Rechnung März.pdf, notes.txt, winmail.dat" in finding.message


def test_a_mail_within_is_read_where_nothing_else_is_said() -> None:
    inner = mail("The blue lamp blinks.", Subject="Blue")
    outer = mail("")
    outer.add_attachment(inner)
    assert read_mail(outer.as_bytes()).text == "The blue lamp blinks."
    said = mail("See the mail I attach.")
    said.add_attachment(inner)
    assert read_mail(said.as_bytes()).text == "See the mail I attach."


def test_an_invitation_is_read_where_nothing_else_is_said() -> None:
    event = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Lamp\r\n  "
        "review\r\nDTSTART;TZID=X:20140626T141400\r\nLOCATION:Room 4\r\nDESCRIPTION:Bring\\n "
        "lamps\\, please\r\nEND:VEVENT\r\n"
    )
    head = b"Subject: Invitation\r\nContent-Type: text/calendar; charset=utf-8\r\n\r\n"
    assert read_mail(head + event.encode()).text == "Lamp review\n\n2014-06-26 14:14\n\nRoom 4\n\nBring\n lamps, please"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Return_Path": "<>"},
        {"Subject": "Automatic reply: Lamp"},
        {"Subject": "Abwesenheitsnotiz"},
        {"Subject": "Undeliverable: Lamp"},
    ],
)
def test_a_mail_that_a_program_sent_is_passed_over_with_the_reason(headers: dict[str, str]) -> None:
    raw = RawDocument(id="1", body=mail(**headers).as_bytes(), media_type="message/rfc822")
    assert prepare(raw, "h", max_tokens=200, count_tokens=None) == Passed(id="1", reason="automatic reply")


def test_a_report_of_a_bounce_is_automatic() -> None:
    data = (
        b"Subject: Lamp\nContent-Type: multipart/report; report-type=delivery-status; "
        b"boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        b"It was not delivered.\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: "
        b"rfc822; bo@example.com\n\n--b--\n"
    )
    cleaned = read_mail(data)
    assert cleaned.text == ""
    assert [(part.kind, part.text) for part in cleaned.removed] == [("auto_reply", "It was not delivered.")]


def test_no_automatic_header_means_a_person() -> None:
    assert read_mail(mail(Auto_Submitted="no", Precedence="bulk").as_bytes()).text == "The red lamp blinks."


def test_encrypted_mail_is_passed_over_as_that_and_a_signed_one_is_read() -> None:
    encrypted = (
        b"Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: "
        b"application/pgp-encrypted\n\nVersion: 1\n--b--\n"
    )
    raw = RawDocument(id="1", body=encrypted, media_type="message/rfc822")
    assert prepare(raw, "h", max_tokens=200, count_tokens=None) == Passed(id="1", reason="encrypted mail")
    signed = (
        b"Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: text/plain\n\nIt blinks.\n--b\n"
        b"Content-Type: application/pgp-signature; name=a.asc\n\nabc\n--b--\n"
    )
    assert read_mail(signed).text == "It blinks."
    assert codes(signed) == {}
    inline = (
        b"\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt blinks.\n-----BEGIN PGP "
        b"SIGNATURE-----\nxx\n-----END PGP SIGNATURE-----\n"
    )
    assert read_mail(b"Subject: x\n" + inline).text == "It blinks."
    assert codes(b"Subject: x\n\n-----BEGIN PGP MESSAGE-----\nxx\n-----END PGP MESSAGE-----\n") == {"mail_encrypted": 1}


def test_soft_line_breaks_are_joined() -> None:
    head = b"Content-Type: text/plain; format=flowed\n\n"
    assert (
        read_mail(head + b"The red \nlamp blinks.\n\n> Which \n> lamp?\nThis.\n").text
        == "The red lamp blinks.\n\n> Which lamp?\nThis."
    )
    assert read_mail(head.replace(b"flowed", b"flowed; delsp=yes") + b"The r \ned lamp.").text == "The red lamp."


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-1", "Größe – 5 €"),
        ("utf-8", "naïve"),
        ("koi8-r", "Лампа мигает"),
        ("iso-2022-jp", "ランプが点滅します"),
        ("gb2312", "红灯闪烁"),
        ("shift_jis", "ランプ"),
        ("euc-kr", "램프가 깜박입니다"),
        ("windows-1251", "Лампа"),
        ("utf-7", "Grüße"),
    ],
)
def test_a_declared_charset_is_read(charset: str, text: str) -> None:
    encoding = "cp1252" if charset == "iso-8859-1" else charset
    assert read_mail(f"Content-Type: text/plain; charset={charset}\n\n".encode() + text.encode(encoding)).text == text


def test_an_unknown_charset_is_guessed() -> None:
    data = b"Content-Type: text/plain; charset=x-unknown\n\nGr\xfc\xdfe"
    assert read_mail(data).text == "Grüße"
    assert codes(data) == {"encoding_guessed": 1}


def test_a_subject_is_decoded_whatever_it_is_written_in() -> None:
    for subject in (
        b"=?utf-8?B?TMOkbXBjaGVu?=",
        b"=?iso-8859-1?q?L=E4mpchen?=",
        "Lämpchen".encode(),
        "Lämpchen".encode("latin-1"),
    ):
        assert read_mail(b"Subject: " + subject + b"\n\nx").title == "Lämpchen"


def test_more_parts_than_anybody_writes_are_not_read() -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\na\n" * 2000
    assert codes(data) == {"mail_cut": 1}
    assert len(read_mail(data).text.split()) < 500
