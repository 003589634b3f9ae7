"""How often the language of one short sentence is told, and of a paragraph of five.

    python benchmarks/languages.py

The sentences were written for this and stand nowhere else; the words and endings of `corpus.language` were not chosen
by them. Each is about a printer, an invoice, a chair: what people write to a help desk.
"""

from __future__ import annotations

from holdfast.corpus.language import language_of

SENTENCES = """
en
  My printer stopped working after the last update.
  Where do I find the invoice for March?
  Turn the device off and wait a minute before restarting it.
  We ordered twelve chairs but only ten arrived.
  Reset password link expired
  Could you send me another copy of the contract?
  The screen flickers every time it gets warm.
  Opening hours during the holidays
  Our team grew, so we need three more licences.
de
  Mein Drucker funktioniert seit dem letzten Update nicht mehr.
  Wo finde ich die Rechnung vom März?
  Schalten Sie das Gerät aus und warten Sie eine Minute.
  Wir haben zwölf Stühle bestellt, aber nur zehn erhalten.
  Passwort vergessen, was nun?
  Können Sie mir eine weitere Kopie des Vertrags schicken?
  Der Bildschirm flackert jedes Mal, wenn er warm wird.
  Öffnungszeiten während der Feiertage
  Unser Team ist gewachsen, daher brauchen wir drei weitere Lizenzen.
fr
  Mon imprimante ne marche plus depuis la mise à jour.
  Où puis-je trouver la facture de mars ?
  Éteignez l'appareil et attendez une minute avant de le redémarrer.
  Nous avons commandé douze chaises mais seulement dix sont arrivées.
  Mot de passe oublié
  Pourriez-vous m'envoyer une autre copie du contrat ?
  L'écran clignote chaque fois qu'il chauffe.
  Horaires d'ouverture pendant les fêtes
  Notre équipe a grandi, il nous faut trois licences de plus.
es
  Mi impresora dejó de funcionar después de la actualización.
  ¿Dónde encuentro la factura de marzo?
  Apague el dispositivo y espere un minuto antes de reiniciarlo.
  Pedimos doce sillas pero solo llegaron diez.
  No puedo iniciar sesión en la aplicación
  ¿Podría enviarme otra copia del contrato?
  La pantalla parpadea cada vez que se calienta.
  Horario de apertura durante las fiestas
  Nuestro equipo creció, necesitamos tres licencias más.
it
  La mia stampante non funziona più dopo l'aggiornamento.
  Dove trovo la fattura di marzo?
  Spegnere il dispositivo e attendere un minuto prima di riavviarlo.
  Abbiamo ordinato dodici sedie ma ne sono arrivate solo dieci.
  Non riesco ad accedere al mio account
  Potreste inviarmi un'altra copia del contratto?
  Lo schermo sfarfalla ogni volta che si scalda.
  Orari di apertura durante le feste
  La nostra squadra è cresciuta, ci servono altre tre licenze.
pt
  A minha impressora parou de funcionar depois da atualização.
  Onde encontro a fatura de março?
  Desligue o aparelho e espere um minuto antes de o ligar de novo.
  Encomendámos doze cadeiras mas só chegaram dez.
  Não consigo entrar na minha conta
  Poderia enviar-me outra cópia do contrato?
  O ecrã pisca sempre que aquece.
  Horário de funcionamento durante as festas
  A nossa equipa cresceu, precisamos de mais três licenças.
nl
  Mijn printer werkt niet meer sinds de laatste update.
  Waar vind ik de factuur van maart?
  Zet het apparaat uit en wacht een minuut.
  We hebben twaalf stoelen besteld maar er zijn er maar tien gekomen.
  Ik kan niet inloggen op mijn account
  Kunt u mij nog een kopie van het contract sturen?
  Het scherm flikkert telkens als het warm wordt.
  Openingstijden tijdens de feestdagen
  Ons team is gegroeid, dus we hebben drie extra licenties nodig.
sv
  Min skrivare slutade fungera efter uppdateringen.
  Var hittar jag fakturan för mars?
  Stäng av enheten och vänta en minut innan du startar om den.
  Vi beställde tolv stolar men fick bara tio.
  Jag kan inte logga in på mitt konto
  Kan ni skicka mig en kopia till av avtalet?
  Skärmen flimrar varje gång den blir varm.
  Öppettider under helgerna
  Vårt team har vuxit, så vi behöver tre licenser till.
da
  Min printer holdt op med at virke efter opdateringen.
  Hvor finder jeg fakturaen for marts?
  Sluk enheden og vent et minut, før du starter den igen.
  Vi bestilte tolv stole, men der kom kun ti.
  Jeg kan ikke logge ind på min konto
  Kan I sende mig endnu en kopi af kontrakten?
  Skærmen flimrer, hver gang den bliver varm.
  Åbningstider i ferien
  Vores hold er vokset, så vi skal bruge tre licenser mere.
no
  Skriveren min sluttet å virke etter oppdateringen.
  Hvor finner jeg fakturaen for mars?
  Slå av enheten og vent et minutt før du starter den igjen.
  Vi bestilte tolv stoler, men det kom bare ti.
  Jeg får ikke logget inn på kontoen min
fi
  Tulostimeni lakkasi toimimasta päivityksen jälkeen.
  Mistä löydän maaliskuun laskun?
  Sammuta laite ja odota minuutti ennen kuin käynnistät sen uudelleen.
  Tilasimme kaksitoista tuolia, mutta vain kymmenen saapui.
  En pääse kirjautumaan tililleni
  Voisitteko lähettää minulle toisen kopion sopimuksesta?
  Näyttö välkkyy aina, kun se lämpenee.
  Aukioloajat pyhien aikana
  Tiimimme on kasvanut, joten tarvitsemme kolme lisenssiä lisää.
pl
  Moja drukarka przestała działać po aktualizacji.
  Gdzie znajdę fakturę za marzec?
  Wyłącz urządzenie i poczekaj minutę przed ponownym uruchomieniem.
  Zamówiliśmy dwanaście krzeseł, ale przyszło tylko dziesięć.
  Nie mogę zalogować się na swoje konto
  Czy mogą Państwo przesłać mi kolejną kopię umowy?
  Ekran miga za każdym razem, gdy się nagrzeje.
  Godziny otwarcia w święta
  Nasz zespół się powiększył, potrzebujemy trzech licencji więcej.
cs
  Moje tiskárna přestala po aktualizaci fungovat.
  Kde najdu fakturu za březen?
  Vypněte zařízení a počkejte minutu, než ho znovu zapnete.
  Objednali jsme dvanáct židlí, ale přišlo jen deset.
  Nemohu se přihlásit ke svému účtu
  Můžete mi poslat další kopii smlouvy?
  Obrazovka bliká pokaždé, když se zahřeje.
  Otevírací doba o svátcích
  Náš tým se rozrostl, potřebujeme další tři licence.
sk
  Moja tlačiareň prestala po aktualizácii fungovať.
  Kde nájdem faktúru za marec?
  Vypnite zariadenie a počkajte minútu, kým ho znova zapnete.
  Objednali sme dvanásť stoličiek, ale prišlo len desať.
  Neviem sa prihlásiť do svojho účtu
hu
  A nyomtatóm a frissítés óta nem működik.
  Hol találom a márciusi számlát?
  Kapcsolja ki a készüléket, és várjon egy percet.
  Tizenkét széket rendeltünk, de csak tíz érkezett meg.
  Nem tudok bejelentkezni a fiókomba
  Küldene nekem még egy másolatot a szerződésről?
  A képernyő villog, valahányszor felmelegszik.
  Nyitvatartás az ünnepek alatt
  Csapatunk bővült, ezért további három licencre van szükségünk.
ro
  Imprimanta mea nu mai funcționează după actualizare.
  Unde găsesc factura pentru luna martie?
  Opriți dispozitivul și așteptați un minut înainte de a-l reporni.
  Am comandat douăsprezece scaune, dar au sosit doar zece.
  Nu pot să intru în contul meu
  Îmi puteți trimite încă o copie a contractului?
  Ecranul pâlpâie de fiecare dată când se încălzește.
  Program de lucru în perioada sărbătorilor
  Echipa noastră a crescut, avem nevoie de încă trei licențe.
tr
  Yazıcım güncellemeden sonra çalışmayı bıraktı.
  Mart ayının faturasını nerede bulabilirim?
  Cihazı kapatın ve yeniden başlatmadan önce bir dakika bekleyin.
  On iki sandalye sipariş ettik ama sadece on tane geldi.
  Hesabıma giriş yapamıyorum
  Bana sözleşmenin bir kopyasını daha gönderebilir misiniz?
  Ekran her ısındığında titriyor.
  Tatil günlerinde çalışma saatleri
  Ekibimiz büyüdü, üç lisansa daha ihtiyacımız var.
id
  Printer saya berhenti bekerja setelah pembaruan.
  Di mana saya bisa menemukan faktur bulan Maret?
  Matikan perangkat dan tunggu satu menit sebelum menyalakannya lagi.
  Kami memesan dua belas kursi tetapi hanya sepuluh yang datang.
  Saya tidak bisa masuk ke akun saya
vi
  Máy in của tôi ngừng hoạt động sau khi cập nhật.
  Tôi có thể tìm hóa đơn tháng ba ở đâu?
  Tắt thiết bị và đợi một phút trước khi khởi động lại.
  Chúng tôi đặt mười hai cái ghế nhưng chỉ có mười cái đến.
  Tôi không thể đăng nhập vào tài khoản
hr
  Moj pisač je prestao raditi nakon ažuriranja.
  Gdje mogu pronaći račun za ožujak?
  Isključite uređaj i pričekajte minutu prije ponovnog pokretanja.
  Naručili smo dvanaest stolica, ali je stiglo samo deset.
  Ne mogu se prijaviti na svoj račun
lt
  Mano spausdintuvas nustojo veikti po atnaujinimo.
  Kur galiu rasti kovo mėnesio sąskaitą?
  Išjunkite įrenginį ir palaukite minutę.
  Užsakėme dvylika kėdžių, bet atėjo tik dešimt.
  Negaliu prisijungti prie savo paskyros
et
  Minu printer ei tööta pärast uuendust enam.
  Kust ma leian märtsi arve?
  Lülitage seade välja ja oodake minut.
  Me tellisime kaksteist tooli, aga kohale jõudis ainult kümme.
  Ma ei saa oma kontole sisse logida
ru
  Мой принтер перестал работать после обновления.
  Где найти счёт за март?
  Выключите устройство и подождите минуту.
  Мы заказали двенадцать стульев, но пришло только десять.
  Не могу войти в аккаунт
  Не могли бы вы прислать мне ещё одну копию договора?
  Экран мигает каждый раз, когда нагревается.
  Часы работы в праздники
  Наша команда выросла, нам нужны ещё три лицензии.
uk
  Мій принтер перестав працювати після оновлення.
  Де знайти рахунок за березень?
  Вимкніть пристрій і зачекайте хвилину.
  Ми замовили дванадцять стільців, але прийшло лише десять.
  Не можу увійти до облікового запису
  Чи могли б ви надіслати мені ще одну копію договору?
  Екран блимає щоразу, коли нагрівається.
  Години роботи у свята
  Наша команда зросла, нам потрібні ще три ліцензії.
bg
  Принтерът ми спря да работи след актуализацията.
  Къде мога да намеря фактурата за март?
  Изключете устройството и изчакайте една минута.
  Поръчахме дванадесет стола, но пристигнаха само десет.
  Не мога да вляза в профила си
el
  Ο εκτυπωτής μου σταμάτησε να λειτουργεί.
  Πού θα βρω το τιμολόγιο;
  Κλείστε τη συσκευή και περιμένετε.
  Παραγγείλαμε δώδεκα καρέκλες.
  Ξέχασα τον κωδικό
  Μπορείτε να μου στείλετε άλλο ένα αντίγραφο;
  Η οθόνη τρεμοπαίζει όταν ζεσταίνεται.
  Ώρες λειτουργίας στις γιορτές
  Η ομάδα μας μεγάλωσε.
ar
  توقفت طابعتي عن العمل بعد التحديث.
  أين أجد فاتورة شهر مارس؟
  أطفئ الجهاز وانتظر دقيقة.
  طلبنا اثني عشر كرسيا ووصل عشرة فقط.
  لا أستطيع تسجيل الدخول
  هل يمكنكم إرسال نسخة أخرى من العقد؟
  تومض الشاشة كلما سخنت.
  ساعات العمل خلال العطل
  كبر فريقنا ونحتاج إلى ثلاث رخص أخرى.
fa
  چاپگر من پس از به‌روزرسانی کار نمی‌کند.
  فاکتور ماه مارس را کجا پیدا کنم؟
  دستگاه را خاموش کنید و یک دقیقه صبر کنید.
  ما دوازده صندلی سفارش دادیم ولی فقط ده تا رسید.
  نمی‌توانم وارد حساب خود شوم
he
  המדפסת שלי הפסיקה לעבוד אחרי העדכון.
  איפה אני מוצא את החשבונית?
  כבו את המכשיר וחכו דקה.
  הזמנו שנים עשר כיסאות.
  שכחתי סיסמה
ja
  更新後にプリンターが動かなくなりました。
  三月の請求書はどこにありますか?
  電源を切って一分待ってください。
  椅子を十二脚注文しましたが、十脚しか届きませんでした。
  ログインできません
  契約書をもう一部送っていただけますか?
  画面は温まるたびにちらつきます。
  祝日の営業時間
  チームが大きくなったのでライセンスが三つ必要です。
zh
  更新后我的打印机不能工作了。
  在哪里可以找到三月的发票?
  请关闭设备并等待一分钟。
  我们订了十二把椅子,但只到了十把。
  無法登入我的帳戶
  您能再寄给我一份合同吗?
  屏幕每次变热都会闪烁。
  节假日营业时间
  我们的团队扩大了,还需要三个许可证。
ko
  업데이트 후 프린터가 작동하지 않습니다.
  3월 청구서는 어디에서 찾을 수 있나요?
  기기를 끄고 1분 기다리세요.
  의자 열두 개를 주문했는데 열 개만 왔습니다.
  로그인이 안 됩니다
  계약서 사본을 하나 더 보내 주시겠어요?
  화면이 뜨거워질 때마다 깜박입니다.
  공휴일 영업 시간
  팀이 커져서 라이선스가 세 개 더 필요합니다.
th
  เครื่องพิมพ์ของฉันหยุดทำงานหลังจากอัปเดต
  ฉันจะหาใบแจ้งหนี้ได้ที่ไหน
  ปิดอุปกรณ์แล้วรอหนึ่งนาที
  เราสั่งเก้าอี้สิบสองตัว
  เข้าสู่ระบบไม่ได้
hi
  अपडेट के बाद मेरा प्रिंटर काम नहीं कर रहा है।
  मार्च का बिल कहाँ मिलेगा?
  उपकरण बंद करें और एक मिनट प्रतीक्षा करें।
  हमने बारह कुर्सियाँ मँगवाईं।
  लॉग इन नहीं हो रहा
"""


def said() -> dict[str, list[str]]:
    """The sentences of each language."""
    sentences: dict[str, list[str]] = {}
    language = ""
    for line in SENTENCES.strip().splitlines():
        if line.startswith(" "):
            sentences[language].append(line.strip())
        else:
            language = line
            sentences[language] = []
    return sentences


def main() -> None:
    told = [(name, language_of(text)) for name, texts in said().items() for text in texts]
    right = sum(name == guess for name, guess in told)
    silent = sum(guess is None for _, guess in told)
    print(f"{len(told)} sentences in {len(said())} languages")
    print(f"{right} right, {len(told) - right - silent} wrong, {silent} untold")
    paragraphs = [(name, language_of(" ".join(texts[:5]))) for name, texts in said().items()]
    print(f"{len(paragraphs)} paragraphs: {sum(name == guess for name, guess in paragraphs)} right")


if __name__ == "__main__":
    main()
