"""What stands below a message: farewells, marks of a device, disclaimers, footers; and messages no person wrote.

Knows nothing of lines or of layout: patterns for one line or one paragraph in lower case, without nested repetition.
"""

from __future__ import annotations

import re

from holdfast.corpus.mail.phrases import any_of, phrases

_FAREWELL = any_of("""
best|best regards|best wishes|kind regards|kindest regards|warm regards|warmest regards|warmly|regards|many thanks
thanks|thank you|thanks a lot|thanks again|thank you again|thanks so much|thank you so much|thank you very much
thanks very much|thanks in advance|thank you in advance|thanks for your help|thank you for your help|thanks a million
thx|tks|brgds|rgds|br|kr|cheers|sincerely|sincerely yours|yours sincerely|yours truly|yours faithfully|yours
respectfully|cordially|take care|all the best|talk soon|ciao|with best regards|with kind regards|with regards
with appreciation|with thanks|have a great day|have a nice day|have a good day|have a great weekend|love|best of luck
mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|freundliche grüße|freundliche grüsse
viele grüße|viele grüsse|beste grüße|liebe grüße|herzliche grüße|schöne grüße|mit besten grüßen|hochachtungsvoll|mfg
vg|lg|gruß|grüße|vielen dank|danke|besten dank|vielen dank im voraus|danke im voraus|herzlichen dank
cordialement|bien cordialement|bien à vous|sincèrement|salutations|meilleures salutations|sincères salutations
amicalement|respectueusement|merci|merci d'avance|merci d’avance|merci beaucoup|bonne journée|cdlt|cdt|bien à toi
avec mes remerciements|à bientôt
saludos|un saludo|saludos cordiales|un cordial saludo|cordialmente|atentamente|atte|muchas gracias|gracias
gracias de antemano|mis mejores deseos|un abrazo|quedo atento|quedo atenta
cordiali saluti|distinti saluti|saluti|cordialmente|grazie|grazie mille|un saluto|un cordiale saluto|buona giornata
grazie in anticipo
atenciosamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraços|abraço|obrigado|obrigada
muito obrigado|muito obrigada|att|cordialmente|desde já agradeço|saudações
met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten|groeten|groet
hartelijke groet|hartelijke groeten|bedankt|alvast bedankt|mvg|dank u|dank u wel|dank je wel|hoogachtend
med vänliga hälsningar|med vänlig hälsning|vänliga hälsningar|vänligen|hälsningar|mvh|tack|tack på förhand
tack så mycket|hälsning|bästa hälsningar
med venlig hilsen|venlig hilsen|de bedste hilsner|bedste hilsner|hilsen|mange hilsner|tak|på forhånd tak|mange tak|vh
dbh|kh
med vennlig hilsen|vennlig hilsen|beste hilsen|hilsen|takk|takk på forhånd|mange takk|på forhånd takk
ystävällisin terveisin|parhain terveisin|terveisin|kiitos|kiitos etukäteen|kiitos paljon|t:|yt|hyvää päivänjatkoa
pozdrawiam|z poważaniem|z wyrazami szacunku|serdecznie pozdrawiam|pozdrowienia|dziękuję|dziękuję z góry
z góry dziękuję|pozdr
s pozdravem|s přátelským pozdravem|s úctou|děkuji|děkuji předem|předem děkuji|hezký den|s pozdravom|ďakujem
vopred ďakujem
с уважением|с наилучшими пожеланиями|с наилучшими|спасибо|заранее спасибо|благодарю|всего доброго|искренне ваш
большое спасибо|з повагою|дякую|щиро дякую|з найкращими побажаннями|поздрави|с уважение|благодаря
よろしくお願いします|何卒よろしくお願いいたします|何卒よろしくお願い致します|何卒よろしくお願い申し上げます
よろしくお願い申し上げます|よろしくお願いいたします|よろしくお願い致します|宜しくお願いします|宜しくお願いいたします
宜しくお願い致します|どうぞよろしくお願いいたします|以上、よろしくお願いいたします|以上よろしくお願いいたします
以上|敬具|ありがとうございます|ありがとうございました|草々
此致|此致敬礼|敬礼|祝好|顺祝商祺|谢谢|謝謝|多谢|感谢|祝商祺|敬上|此致 敬禮|祝您工作顺利|顺颂商祺
감사합니다|고맙습니다|감사드립니다|안녕히 계세요|드림|올림|수고하세요|수고하십시오|잘 부탁드립니다
saygılarımla|iyi çalışmalar|teşekkürler|teşekkür ederim|selamlar|iyi günler|saygılar|sevgiler|şimdiden teşekkürler
kolay gelsin
üdvözlettel|tisztelettel|köszönettel|köszönöm|cu stimă|cu respect|mulțumesc|o zi bună|με εκτίμηση|ευχαριστώ
srdačan pozdrav|lijep pozdrav|lep pozdrav|hvala|lugupidamisega|ar cieņu|pagarbiai|trân trọng|cảm ơn|terima kasih
salam|hormat saya|בברכה|תודה|مع تحياتي|مع التحية|تحياتي|شكرا|شكرًا|مع خالص التحية|salutacions
""")
FAREWELL = re.compile(
    rf"\W{{0,3}}{_FAREWELL}(?:(?:,| -| –|!|\.)? ?(?:and|und|et|y|e|en|och|og|ja|i|a|и|&|/|\+)? ?{_FAREWELL})?"
    r"(?P<end>[\s,.!;:،、。，！~–—-]{0,4}(?:$|(?<=\W)))"
)
"""A farewell at the start of a line; what follows it may be a name."""

DEVICE = re.compile(
    r"\W{0,4}(?:"
    + any_of("""
sent from my|sent from mail|sent from outlook|sent from yahoo|sent from samsung|sent from proton|sent from gmail
sent from windows|sent from a mobile|sent from iphone|sent from ipad|sent with|sent via|sent using|sent on the go
get outlook for|get bluemail|via mobile|via phone|via iphone|sent by|sent wirelessly|sent through|sent from the
sent on my
von meinem iphone|von meinem ipad|von meinem|von unterwegs|von iphone|gesendet von|gesendet mit|gesendet über
mit der mobilen|diese nachricht wurde von meinem|outlook für|holen sie sich outlook
envoyé de mon|envoyé depuis|envoyé à partir|télécharger outlook|obtenez outlook|provenance :
enviado desde|enviado de mi|enviado con|enviado do meu|enviado a partir|enviada do meu|enviado via|enviado pelo
obter o outlook|obtener outlook|descargar outlook
inviato da|inviato dal|inviato con|ottieni outlook|scarica outlook|verzonden vanaf|verstuurd vanaf|verzonden met
verzonden via|outlook voor|download outlook|verstuurd met
skickat från|skickat från min|skickat från mitt|hämta outlook|sendt fra|sendt fra min|sendt med|hent outlook
få outlook|lähetetty|lähetetty iphonesta|hanki outlook|wysłane z|wysłano z|pobierz aplikację outlook|pobierz outlook
odesláno z|odoslané z|získat outlook|odesláno pomocí
отправлено с|отправлено из|отправлено с iphone|скачать outlook|надіслано з|відправлено з|iphoneから送信|ipadから送信
androidから送信|私のiphoneから送信|发自我的|從我的 iphone 傳送|从我的 iphone 发送|發自我的|来自我的|iphone에서 보냄
나의 iphone에서 보냄|내 iphone에서 보냄
iphone'umdan gönderildi|iphone'dan gönderildi|iphone’umdan gönderildi|outlook'u edinin|telefonumdan gönderildi
elküldve az|trimis de pe|στάλθηκε από|poslano iz|poslano s|đã gửi từ|dikirim dari|נשלח מה|أرسلت من
""")
    + r"|[\w ]{1,20}から送信)"
)
"""How a device or a program names itself below a mail."""

CONFIDENTIAL = phrases("""
confidential|privileged|intended recipient|intended only for|intended solely|addressee|not the intended|unauthorized
unauthorised|received this e-mail in error|received this email in error|received this message in error
received this communication in error|disclaimer|legal notice|liability|notify the sender|delete this
copying, distribution|strictly prohibited|virus|viruses|views expressed|opinions expressed
vertraulich|vertrauliche|bestimmungsgemäße|adressat|irrtümlich|unbefugte|rechtlich geschützt|nicht gestattet
vernichten sie
confidentiel|confidentiels|confidentielle|destinataire|par erreur|usage exclusif|toute utilisation|toute diffusion
interdite
confidencial|confidenciales|destinatario|por error|prohibida|privilegiada|uso exclusivo|destinatário|por engano
proibida|sigilosa|legalmente
riservate|riservato|confidenziale|destinatari|per errore|vietata|vietato|vertrouwelijk|geadresseerde|onterecht
abusievelijk|konfidentiell|avsedd|misstag|fortrolig|fortrolige|fejl|ved en feil|adressat|luottamuksellinen
vastaanottaja|erehdyksessä
poufne|poufna|adresat|adresata|omyłkowo|důvěrné|důvěrný|adresát|omylem|конфиденциально|конфиденциальную
конфиденциальной|адресат|адресату|ошибке|конфіденційна|помилково|機密|秘密|意図|誤って|保密|机密|收件人|误收|기밀
비밀|수신인|잘못|gizli
gizlidir|yetkisiz|yanlışlıkla
""")
OF_THE_MAIL = phrases("""
e-mail|email|e mail|this message|this communication|this transmission|and any attachments|any files|nachricht|e-mails
courriel|ce message|ce mail|pièces jointes|este mensaje|este correo|correo electrónico|esta mensagem|este e-mail
messaggio|posta elettronica|dit bericht|deze e-mail|meddelande|meddelandet|denne mail|meddelelse|viesti|sähköposti
wiadomość|zpráva|správa|сообщение|письмо|сообщении|повідомлення|лист|電子メール|本メール|このメール|邮件|郵件|메일
e-posta|mesaj
""")
FOOTER = phrases("""
please consider the environment before printing|think before you print|before printing this
please think of the environment|bitte prüfen sie, ob diese mail|denken sie an die umwelt|pensez à l'environnement
pensez à l’environnement|avant d'imprimer|avant d’imprimer|antes de imprimir|prima di stampare|denk aan het milieu
tänk på miljön|tænk på miljøet
this email has been scanned|this message has been scanned|this e-mail was scanned|scanned by mailscanner
checked by avg|virus-free. www|virus-free.www|virenfrei. www|sans virus. www|libre de virus. www|privo di virus. www
livre de vírus. www|avast antivirus|scanned for viruses|scanned by the symantec|mimecast|barracuda|websense
this email is a service from|delivered by zendesk|powered by zendesk|powered by freshdesk|powered by help scout
powered by intercom|sent by intercom|sent via front|this message was sent by atlassian
this message is automatically generated by jira|view request · turn off this request's notifications
turn off this request's notifications|you are receiving this because|reply to this email directly|view it on github
unsubscribe from this|mute the thread|to unsubscribe|click here to unsubscribe|unsubscribe here
manage your email preferences|update your email preferences|manage preferences|view this email in your browser
you received this message because you are subscribed|to post to this group
you can add a comment by replying to this email|you can reply to this email to
to add additional comments, reply to this email|a comment has been added to your request
diese e-mail ist ein service von|cet email est un service de|cet e-mail est un service de
este correo electrónico es un servicio de|este é um serviço de e-mail de
questo messaggio di posta elettronica è un servizio di|deze e-mail is een dienst van
mailing list|abmelden|newsletter abbestellen|se désabonner|se désinscrire|darse de baja|cancelar suscripción
cancelar inscrição|annulla l'iscrizione|afmelden|avregistrera dig|avsluta prenumeration|отписаться|配信停止|退订
取消订阅|수신거부
do you yahoo!?|get your free email|msn hotmail|join msn|all rights reserved|alle rechte vorbehalten
tous droits réservés
""")
"""A paragraph of a few lines with one of these, below a message, is none of its words."""

BANNER = re.compile(
    r"\W{0,8}(?:\[?external\]?(?: email| sender)?|caution|warning|achtung|attention|externe?)\W{1,6}.{0,60}"
    r"(?:originated|outside|external|außerhalb|extern|extérieur|sent from)"
    r"|\W{0,4}your request \W{0,2}#?\d{1,12}\W{0,2} has been (?:updated|solved|closed|deemed)"
    r"|\W{0,8}you don't often get (?:e-?mails?) from|\W{0,8}sie erhalten nicht oft (?:e-mails|eine e-mail) von"
)
"""What a mail gateway puts above a mail from outside."""

ABSENT = phrases("""
automatic reply|auto-reply|autoreply|auto reply|automated response|automated reply|automatic response|out of office:
this is an automated|this is an automatic|i am out of the office|i'm out of the office|i am currently out
i'm currently out
i am out of office|i'm out of office|i am away|i'm away|i am currently away|i'm currently away|i am on leave
i'm on leave
i am on annual leave|i am on vacation|i'm on vacation|i am on holiday|i'm on holiday|i am currently on
i'm currently on
i am on parental leave|i am on maternity leave|currently out of the office|i am no longer with|i no longer work
abwesenheitsnotiz|automatische antwort|automatische antwort:|nicht im büro|nicht im haus|außer haus|ausser haus
nicht am arbeitsplatz|derzeit nicht erreichbar|im urlaub|bin ich abwesend|ich bin abwesend
réponse automatique|absent du bureau|je suis absent|je suis absente|en congé|en congés|actuellement absent
actuellement absente|message d'absence
respuesta automática|fuera de la oficina|estoy de vacaciones|ausente de la oficina|estaré ausente|resposta automática
fora do escritório|estou de férias|ausente do escritório
risposta automatica|fuori ufficio|sono assente|sono in ferie|automatisch antwoord|afwezigheidsassistent|niet aanwezig
ben ik afwezig|ik ben afwezig|op vakantie tot|autosvar|automatiskt svar|inte på kontoret|jag är på semester|är ledig
automatisk svar|ikke på kontoret|jeg er på ferie|jeg er fraværende|automaattinen vastaus|poissa toimistolta
olen lomalla
automatyczna odpowiedź|odpowiedź automatyczna|poza biurem|jestem na urlopie|automatická odpověď|mimo kancelář
jsem na dovolené|автоматический ответ|автоответ|нет на рабочем месте|в отпуске|отсутствую|автоматична відповідь
у відпустці|自動応答|自動返信|不在にしております|休暇中|自动回复|自動回覆|自动答复|不在办公室|자동 회신
자동 응답|부재중|휴가 중|otomatik yanıt|ofis dışında
izindeyim|yıllık izin
""")
RECEIPT = re.compile(
    r"your (?:support )?(?:request|ticket|message|enquiry|inquiry|case|email)\W.{0,40}"
    r"(?:has been|was) (?:received|created|logged|registered|opened)"
    r"|we(?:'ve| have)? (?:have )?received your (?:request|message|email|e-mail|enquiry|inquiry|ticket)"
    r"|ihre? anfrage .{0,40}(?:ist bei uns eingegangen|wurde empfangen|erhalten)"
    r"|wir haben ihre (?:anfrage|nachricht|e-mail) erhalten|votre demande .{0,40}a (?:bien )?été (?:reçue|enregistrée)"
    r"|hemos recibido su (?:solicitud|mensaje|consulta)|su solicitud .{0,40}ha sido recibida"
    r"|recebemos (?:a sua|sua) (?:solicitação|mensagem)|abbiamo ricevuto la (?:tua|sua|vostra) richiesta"
    r"|we hebben uw (?:bericht|verzoek|aanvraag) ontvangen"
    r"|vi har (?:tagit emot|mottagit|modtaget|mottatt) (?:ditt|din|dit|deres)|ваш запрос .{0,40}(?:получен|принят)"
)
"""How a help desk says that it has a request."""
BOUNCED = phrases("""
delivery has failed to these recipients|undelivered mail returned to sender|undeliverable
delivery status notification|mail delivery failed|mail delivery subsystem|mail delivery system
this message was created automatically by mail delivery software|this is the mail system at host
your message wasn't delivered|your message couldn't be delivered|your message could not be delivered
address not found|message not delivered|returned mail|the following addresses had permanent|failure notice
hi. this is the qmail-send program|the original message was received at|delivery failure|message undeliverable
unzustellbar|zustellung fehlgeschlagen|die nachricht konnte nicht zugestellt|ihre nachricht konnte nicht zugestellt
échec de la remise|votre message n'a pas pu être remis|no se pudo entregar|no se puede entregar|error al entregar
recapito non riuscito|impossibile recapitare|falha na entrega|não foi possível entregar|onbestelbaar|niet bezorgd
kunde inte levereras|kunne ikke leveres|toimittaminen epäonnistui|niedostarczona|nedoručitelné|не доставлено|配信不能
无法投递|系统退信|배달되지 않음|teslim edilemedi
""")
COMES_BACK = phrases("""
until|return|back on|back in|back at|back from|limited access|urgent|in my absence|during my absence|will reply
will respond
will get back|as soon as|bis zum|bis einschließlich|zurück|dringend|vertretung|wenden sie sich|jusqu|retour|urgen
hasta
vuelvo|regreso|até|retorno|ritorn|rientr|terug|dringende|tillbaka|tilbage|tilbake|palaan|wracam|powr|pilne|vrátím
вернусь
срочн|повернусь|戻|緊急|返回|紧急|급한|복귀|döneceğim|acil|dönüş
""")
"""What an answer in absence says besides that somebody is away."""
THANKS = phrases("""
thank|dank|merci|gracias|grazie|obrigad|tack|tak for|takk|kiitos|dziękuj|děkuj|спасибо|благодар|дякую|ありがとう|感谢
谢谢|感謝|감사|teşekkür
""")
"""How an answer in absence begins, if not with the absence."""
PROGRAM_SUBJECTS = phrases("""
automatic reply|auto-reply|auto reply|autoreply|out of office|out of the office|automatische antwort|abwesenheitsnotiz
réponse automatique|respuesta automática|resposta automática|risposta automatica|automatisch antwoord|autosvar
automatiskt svar|automatisk svar|automaattinen vastaus|automatyczna odpowiedź|automatická odpověď|автоматический ответ
автоответ|автоматична відповідь|自動応答|自動返信|自动回复|自動回覆|자동 회신|otomatik yanıt
undeliverable:|undelivered mail returned|delivery status notification|mail delivery failed|returned mail:
failure notice|unzustellbar:|non remis :|no se puede entregar:|onbestelbaar:|olevererbart:|não entregue:
""")
"""How the subject of a mail from a program begins."""
