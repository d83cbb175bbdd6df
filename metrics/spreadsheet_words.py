"""Words that make a date, a time or a truth value of a cell in a spreadsheet.

In languages with Latin letters, as LibreOffice and Unicode's locale data have them. In
other scripts any word beside a number is taken for one of them.
"""

MONTHS = """
abe abendua abr abril abrëll abu abuztua ag ago agost agosto agu agustus aib aibreán alp
août api apirila apr aprel april aprile aprilie aprill apríl apríla aprīlis ara aralik
arslan aug august augusta augusti augusts augustus augusztus avg avgust avq avqust avr
avril awst aww awwissu aza azaroa ağu ağustos bal balandis balandžio baýdak beal
bealtaine bir birželio birželis bitaraplyk bře březen března chwef chwefror cze czerwca
czerwiec de dec decembar december decembra decembrie decembris decembro deireadh dek
dekabr des desember desembre dets detsember dez dezember dezembro dfómh dic dicembre
diciembre dis disember disyembre diċ diċembru dub duben dubna déc décembre ean eanáir
ebrill eka ekaina eki ekim elo elokuu elokuuta ene enero eyl eylül feabh feabhra feb
febbraio febr febreiro febrer febrero februar februari februarie february február
februára februāris febrúar fev fevereiro fevral fra frar févr février fómhair
garaşsyzlyk geg gegužė gegužės gen gener gennaio giu giugno gorff gorffenaf gorkut grd
gru grudnia grudzień gruodis gruodžio gurbansoltan haz haziran heinä heinäkuu heinäkuuta
helmi helmikuu helmikuuta huhti huhtikuu huhtikuuta hul hulyo hun hunyo hyd hydref ian
ianuarie ion ionawr ira iraila iul iulie iun iunie iyl iyn iyul iyun iúil jaan jaanuar
jan janeiro jannar januar januari januarie january január januára janv janvier janvāris
janúar joulu joulukuu joulukuuta juil juillet juin jul julai julho juli julie julij
julio juliol july jun june junho juni junie junij junio juny juuli juuni jän jänner júl
júla július júlí jún júna június júní jūl jūlijs jūn jūnijs kas kasim kesä kesäkuu
kesäkuuta kol kolovoz kolovoza kov kovas kovo kvě květen května kwi kwiecień kwietnia
lap lapkritis lapkričio led leden ledna lie liepa liepos lip lipanj lipca lipiec lipnja
lis listopad listopada listopadu loka lokakuu lokakuuta lug luglio lul lulju lut lutego
luty lún lúnasa maalis maaliskuu maaliskuuta maart mac maerz mag maggio magtymguly mai
maiatza maig maijs maio maj maja mar marca march marec maret marras marraskuu
marraskuuta mars marso mart martie marts martxoa marzec marzo marzu març março mawrth
may mayo mayis maí medi mee meh mehefin mei meith meitheamh mej mejju meán mfómh mrt mrz
máj mája május márc március márta mäerz mär märts märz nis nisan nob nobyembre noiembrie
noll nollaig nov novembar november novembra novembre novembris novembro novembru
noviembre nowruz noy noyabr nóv nóvember oca ocak oct october octobre octombrie octubre
ogo ogos oguz okt oktabr oktobar oktober oktobris oktoober oktubre oktyabr október
októbra ots otsaila ott ottobre ottubru out outubro ožu ožujak ožujka paź październik
października peb pebrero pro prosinac prosinca prosince prosinec rgp rgs rhag rhagfyr
rugpjūtis rugpjūčio rugsėjis rugsėjo ruhnama ruj rujan rujna samh samhain sanjar sau
sausio sausis sen sentabr sentyabr sep sept septembar september septembra septembre
septembrie septembris septiembre set setembre setembro settembre settembru setyembre sie
sierpień sierpnia sij siječanj siječnja spalio spalis spl srp srpanj srpen srpna srpnja
stu studeni studenog studenoga sty styczeń stycznia svi svibanj svibnja syys syyskuu
syyskuuta szept szeptember tach tachwedd tammi tammikuu tammikuuta tem temmuz thg tháng
touko toukokuu toukokuuta tra travanj travnja türkmenbaşy urr urria urt urtarrila uzt
uztaila vas vasario vasaris veebr veebruar velj veljača veljače wrz wrzesień września
xan xaneiro xul xullo xuñ xuño yan yanv yanvar yul yun zář září ágú ágúst ápr április
úno únor února červen července červenec června čvc čvn ġun ġunju říj říjen října şub
şubat
"""
"""Names, short forms and genitives."""

WEEKDAYS = """
ah ahad ahd al an ann anna antradienis ao aoine ar asteartea asteazkena astelehena az
bazar biy biyernes ce ceturtd ceturtdiena ch chor chorshanba cmt cn cs csütörtök ct cu
cum cuma cumartesi czw czwartek cé céad cümə db dc dg di die dienstag dijous dilluns dim
dimanche dimarts dimecres dinsdag dissabte diumenge divendres dj dl do dom domenica domh
domingo don donderdag donnerstag donneschdeg ds dt du dum duminică dush dushanba duş
duşenbe dv dé déar déardaoin dë dën dënschdeg enj erb esmaspäev fi fim fimmtudagur fr
fre fredag freideg freitag fri friday fö fös föstudagur gio giovedì gw gwe gwen huw
huwebes hétfő hën ia iau ig igandea is isn isnin je jeu jeudi joi ju jue jueves jum juma
jumaat jumat kam kamis ke kedd keskiviikko keskiviikkona ketvirtadienis kh kha khamis
kolmapäev kt la larunbata lau lauantai lauantaina laugardagur laupäev laurdag lin linggo
ll llun lr lu luan lun lundi lunedì lunes luni luns lö lör lördag lø lør lørdag ma
maanantai maanantaina maandag man mandag mar mardi martedì martes marți maw me mer
mercoledì mercredi mi mie miercuri min minggu mittwoch miy miyerkules mié miércoles mið
miðvikudagur mo mon monday montag má máirt mán mánudagur må mån måndag mé méi méindeg
mér mércores më mër mët mëttwoch ne ned nedelja nedeľa nedjelja neděle neljapäev nie
niedz niedziela og on ons onsdag or osteguna ostirala ot otrd otrdiena pa pay payshanba
paz pazar pazartesi pb pe pen penktadienis penşenbe per perjantai perjantaina perşembe
pet petak petek pi piatok piektd piektdiena pirmadienis pirmd pirmdiena pią piątek pk pn
po pon pondelok pondělí ponedeljak ponedeljek ponedjeljak poniedziałek pr pre pt pzt pá
pátek péntek pühapäev qua qui ra rab rabu reede sa sab sabado sabato sabtu sad sal sali
sam samedi samschdeg samstag sat saterdag sath saturday sb se seg sekmadienis sel selasa
sen senin sesh seshanba sestd sestdiena sex sh shan shanba sht sib siş sişenbe sk so sob
sobota son sondag sonndeg sonntag sr sre sreda sri srijeda st streda středa su sub
subota sul sun sunday sunnudagur sunnuntai sunnuntaina sv svētd svētdiena sze szerda szo
szombat sá sáb sábado sâ sâm sâmbătă sö sön söndag sø søn søndag teisipäev ter th thu
thursday ti tiistai tiistaina tir tirs tirsdag tis tisdag tli tne to tor torek tors
torsdag torstai torstaina tr trečiadienis trešd trešdiena tu tue tuesday ty tysdag ut
uto utorak utorok vasárnap ve ven vendredi venerdì venres vi vie viernes vin vineri vr
vrijdag vrydag we wed wednesday wo woensdag wt wto wtorek xo xov xoves ya yak yakshanba
za zaterdag zo zondag ça çar çarşamba çarşenbe çb çərşənbə út úterý ýb ýek ýekşenbe þr
þri þriðjudagur če čet četrtek četvrtak čt čtvrtek ġim ħad ħam śr śro środa şb şen şenbe
şənbə šeštadienis št štvrtok
"""
"""Names and short forms."""

HALVES_OF_DAYS = (
    "am ap de dop du em fm ip moies nachm nomëttes odp pm pop popiet pre priešpiet qn "
    "sáng vorm wn öö ös"
)
"""Words that follow a time."""

CURRENCIES = """
aed ar b bf br bs bs.s bsf bz c cfa ch chf d da din dm esc f fb fc ft g gh hk j k km kn
kr ksh kz kč l lei ls lt m man mk mop naf nt nu p php pts q r rd rm rp rs rsd s sfr sh
sk so so.m ssh tl tsh tt ush ytl z zł ös
"""
"""What precedes or follows an amount, as far as it is Latin letters: R$, B/., lei."""

TRUTHS = """
adevărat aplams benar dogry doğru düz egiazkoa epätosi fals falsa falsch false falsk
falskt falso faltsua falz faux fałsz fíor hamis haqiqiy igaz nepravda netacno netačno
neteisingai netočno onwaar patiess pravda prawda rangt rétt sai salah sand sann sant
soxta tacno tačno teisingai tosi točno true tõene usann vals verdadeiro verdadero
veritat vero veru vrai väär waar wahr wouer yanliş ýalňyş đúng λάθος σωστό брехня вярно
истина ложь невярно істина خطأ درست صح نادرست गलत सही จริง เท็จ 假 真 거짓 참
"""


def one_of(words: str) -> str:
    """Return a pattern of any of the words; Turkish has an i without a dot, too."""
    return "|".join(words.split()).replace("i", "[i\u0131\u0130]")
