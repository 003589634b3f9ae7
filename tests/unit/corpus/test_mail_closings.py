"""Signatures, disclaimers, footers and automatic messages go; what a person wrote stays."""

import pytest

from holdfast.corpus.mail.strip import strip_reply, strip_reply_html

FAREWELLS = (
    """
Best regards|Kind regards|Many thanks|Cheers|Sincerely|Thanks in advance|Thanks and best regards
Mit freundlichen Grüßen|Viele Grüße|MfG|Cordialement|Bien à vous|Merci d'avance|Saludos|Un cordial saludo|Atentamente
Cordiali saluti|Grazie mille|Atenciosamente|Cumprimentos|Met vriendelijke groet|Groeten|Med vänliga hälsningar|Mvh
Med venlig hilsen|Med vennlig hilsen|Ystävällisin terveisin|Pozdrawiam|Z poważaniem|S pozdravem|С уважением|Спасибо
З повагою|よろしくお願いいたします。|谢谢|此致|감사합니다|Saygılarımla|Üdvözlettel|Cu stimă|Με εκτίμηση|Hvala|Trân trọng
בברכה|مع تحياتي
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

DEVICES = (
    """
Sent from my iPhone|Sent from my Samsung Galaxy smartphone.|Get Outlook for iOS|Sent from Mail for Windows
Von meinem iPhone gesendet|Gesendet von Mail für Windows|Envoyé de mon iPhone|Envoyé depuis mon téléphone Orange
Enviado desde mi iPhone|Enviado do meu iPhone|Inviato da iPhone|Verstuurd vanaf mijn iPhone|Skickat från min iPhone
Sendt fra min iPhone|Lähetetty iPhonesta|Wysłane z iPhone'a|Odesláno z iPhonu|Отправлено с iPhone|iPhoneから送信
发自我的iPhone|나의 iPhone에서 보냄|iPhone'umdan gönderildi|Надіслано з iPhone
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

DISCLAIMERS = {
    "en": "This e-mail and any attachments are confidential and intended solely for the addressee. "
    "If you are not the intended "
    "recipient, please notify the sender and delete this message.",
    "de": "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat "
    "sind oder diese E-Mail irrtümlich "
    "erhalten haben, informieren Sie bitte den Absender und vernichten Sie diese Mail.",
    "fr": "Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention "
    "exclusive de leur destinataire. Toute "
    "utilisation non autorisée est interdite.",
    "es": "Este mensaje es confidencial y va dirigido a su destinatario. Si lo ha recibido por "
    "error, avise al remitente y bórrelo.",
    "it": "Questo messaggio è riservato ed è indirizzato ai soli destinatari; se ricevuto per "
    "errore ne è vietata la diffusione.",
    "pt": "Esta mensagem é confidencial e dirigida ao destinatário. Se a recebeu por engano, avise "
    "o remetente e apague-a.",
    "nl": "Dit bericht is vertrouwelijk en alleen bestemd voor de geadresseerde. Bent u dat niet, "
    "verwijder het dan direct.",
    "sv": "Detta meddelande är konfidentiellt och endast avsett för mottagaren. Har du fått det av "
    "misstag, radera det genast.",
    "pl": "Ta wiadomość jest poufna i przeznaczona tylko dla adresata. Jeśli otrzymali ją Państwo "
    "omyłkowo, prosimy ją usunąć.",
    "ru": "Это сообщение содержит конфиденциальную информацию для адресата. Если вы получили его "
    "по ошибке, удалите его сразу.",
}
BODY = "The red lamp blinks when I press the button.\n\nIt is model X2, bought in May."


@pytest.mark.parametrize("farewell", FAREWELLS)
@pytest.mark.parametrize(
    "below", ["", "\nAnn", "\nAnn Lee\n", "\n\nAnn Lee\nHead of Lamps | ACME Inc.\n+1 555 123 4567\nwww.example.com\n"]
)
def test_a_farewell_in_any_language_and_all_below_it_goes(farewell: str, below: str) -> None:
    for mark in ("", ",", "،"):
        stripped = strip_reply(f"{BODY}\n\n{farewell}{mark}{below}")
        assert stripped.text == BODY
        assert [part.kind for part in stripped.removed] == ["signature"]


@pytest.mark.parametrize("line", DEVICES)
def test_what_a_device_says_of_itself_goes(line: str) -> None:
    assert strip_reply(f"{BODY}\n\n{line}").text == BODY


@pytest.mark.parametrize("language", DISCLAIMERS)
def test_a_disclaimer_goes_below_a_signature_too(language: str) -> None:
    stripped = strip_reply(f"{BODY}\n\nBest,\nAnn\n\n{DISCLAIMERS[language]}\n")
    assert stripped.text == BODY
    assert [part.kind for part in stripped.removed] == ["signature", "footer"]


@pytest.mark.parametrize(
    "closing",
    [
        "-- \nAnn Lee\nHead of Lamps\nACME Inc., 12 Main Street, Springfield",
        "--\nAnn",
        "Ann Lee\nann@example.com\n(555) 123-4567\nwww.example.com",
        "Ann Lee\n\nHead of Lamps\n\nT: +1 555 123 4567\n\nE: ann@example.com",
        "-Ann",
        "Ann Lee | Head of Lamps\nACME GmbH · Hauptstr. 1 · 10115 Berlin\nTel. +49 30 1234567",
        "-----------------------\n株式会社ランプ\n田中 太郎\nTEL: 03-1234-5678\n-----------------------",
        "--Ann Lee",
        "Thanks!",
        "Regards\n\n![logo](cid:1)\n\nAnn Lee\n\n[www.example.com](https://www.example.com)",
        "Please consider the environment before printing this e-mail.",
        "This email is a service from ACME Support. Delivered by Zendesk",
        "You are receiving this because you were mentioned.\nReply to this email directly, view "
        "it on GitHub, or unsubscribe.",
        "Cc: Bo <bo@example.com>, Cy <cy@example.com>",
        "_______________________________________________\nLamps mailing "
        "list\nlamps@example.com\nhttps://example.com/lamps",
    ],
)
def test_other_closings_go(closing: str) -> None:
    assert strip_reply(f"{BODY}\n\n{closing}\n").text == BODY


def test_the_senders_name_ends_a_message_where_it_is_known() -> None:
    assert strip_reply(f"{BODY}\nann\nLamp Department", sender="Lee, Ann").text == f"{BODY}\nann\nLamp Department"
    assert strip_reply(f"{BODY}\nann\nLamp Department", sender="Ann Lee").text == BODY


@pytest.mark.parametrize(
    "text",
    [
        "Thanks",
        "Thank you very much!",
        "Regards,\nAnn",
        "Please ship it to:\n\nAnn Lee\n12 Main Street\n+1 555 123 4567\nann@example.com",
        "Thanks for the quick answer, but it still blinks.",
        "I have tried this:\n- a new battery\n- a new bulb\n- another socket",
        "How do I unsubscribe from this newsletter?",
        "Hi,\n\nI cannot unsubscribe from this newsletter, the link is broken.",
        "Is this e-mail confidential, and who is the intended recipient of my invoice?",
        "The steps:\n\n1. Open it\n2. Press reset\n3. Wait",
        "Can you call me?\n+1 555 123 4567",
        "The command is\n\n    lamp --reset\n\nand it prints\n\n    ok",
        "Merci de me rappeler demain.",
        "Best thing is: it works.\nWe also tried:\nthe red one\nthe blue one",
        "PS: the blue one blinks, too.",
    ],
)
def test_what_only_looks_like_a_closing_stays(text: str) -> None:
    assert strip_reply(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office until Monday with limited access to email. For urgent matters call Bo.",
        "Vielen Dank für Ihre Nachricht. Ich bin derzeit nicht im Büro und bin ab dem 3. Mai zurück.",
        "Bonjour, je suis absent du bureau jusqu'au 3 mai. En cas d'urgence, contactez Bo.",
        "Estoy de vacaciones hasta el 3 de mayo.",
        "Your request (#4711) has been received and is being reviewed by our support staff.",
        "This is the mail system at host example.com.\n\n<bo@example.com>: 550 5.1.1 User unknown",
        "Delivery has failed to these recipients or groups:\n\nbo@example.com\nRemote server returned 550 5.1.1",
    ],
)
def test_what_no_person_wrote_goes_whole(text: str) -> None:
    stripped = strip_reply(text)
    assert stripped.text == ""
    assert [part.kind for part in stripped.removed] == ["auto_reply"]


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office until Monday, can you ship it to my home instead?",
        "My mail says 'Delivery has failed to these recipients', what do I do?",
        "We need the lamp in our office by Monday.",
        "The automatic reply of your help desk shows the wrong opening hours.",
    ],
)
def test_a_person_writing_of_absence_or_bounces_stays(text: str) -> None:
    assert strip_reply(text).text == text


@pytest.mark.parametrize("name", ["gmail_signature", "moz-signature", "x_ms-outlook-mobile-signature"])
def test_what_the_tags_of_html_call_a_signature_goes(name: str) -> None:
    html = (
        f'<div>The <b>red</b> lamp blinks.</div><div class="{name}">Ann Lee, who likes lamps a lot<br>and bulbs</div>'
    )
    stripped = strip_reply_html(html)
    assert stripped.text == "The **red** lamp blinks."
    assert [part.kind for part in stripped.removed] == ["signature"]


def test_a_business_card_laid_out_as_a_table_goes_and_a_table_of_data_stays() -> None:
    card = '<tr><td><img src="cid:1"></td><td>Ann Lee<br>Head of Lamps<br>+1 555 123 4567</td></tr>'
    assert strip_reply_html(f"<p>It blinks.</p><p>Regards,</p><table>{card}</table>").text == "It blinks."
    data = "<tr><th>Lamp</th><th>Call</th></tr><tr><td>X2</td><td>+1 555 123 4567</td></tr>"
    assert "X2" in strip_reply_html(f"<p>It blinks.</p><p>Thanks</p><table>{data}</table>").text


def test_a_gateways_warning_above_a_mail_goes() -> None:
    warning = "CAUTION: This email originated from outside of the organization. Do not click links."
    assert strip_reply(f"{warning}\n\n{BODY}").text == BODY
