/**
 * Languages by what people call them. Each line has an ISO 639-3 code, the ISO 639-1 code and the bibliographic
 * ISO 639-2 code if there are any, and names in English and in the language itself. All languages with an ISO 639-1
 * code are here, and some others. The names are from ISO 639-2 and Unicode CLDR; a name has only one line.
 */
export const LANGUAGE_NAMES = `
aar/aa Afar
abk/ab Abkhazian
afr/af Afrikaans
aka/ak Akan
amh/am Amharic, አማርኛ
ara/ar Arabic, العربية
arg/an Aragonese
asm/as Assamese, অসমীয়া
ava/av Avaric
ave/ae Avestan
aym/ay Aymara
aze/az Azerbaijani, azərbaycan
bak/ba Bashkir, башҡорт
bam/bm Bambara, bamanakan
bel/be Belarusian, беларуская
ben/bn Bengali, Bangla, বাংলা
bis/bi Bislama
bod/bo/tib Tibetan, བོད་སྐད་
bos/bs Bosnian, bosanski
bre/br Breton, brezhoneg
bul/bg Bulgarian, български
cat/ca Catalan, Valencian, català
ces/cs/cze Czech, čeština
cha/ch Chamorro
che/ce Chechen, нохчийн
chu/cu Church Slavic, Old Slavonic, Church Slavonic, Old Bulgarian, Old Church Slavonic
chv/cv Chuvash, чӑваш чӗлхи
cor/kw Cornish, kernewek
cos/co Corsican
cre/cr Cree
cym/cy/wel Welsh, Cymraeg
dan/da Danish, dansk
deu/de/ger German, Deutsch
div/dv Divehi, Dhivehi, Maldivian
dzo/dz Dzongkha, རྫོང་ཁ
ell/el/gre Greek, Ελληνικά, Modern Greek
eng/en English, American English, British English
epo/eo Esperanto
est/et Estonian, eesti
eus/eu/baq Basque, euskara
ewe/ee Ewe, eʋegbe
fao/fo Faroese, føroyskt
fas/fa/per Persian, فارسی, Farsi
fij/fj Fijian
fin/fi Finnish, suomi
fra/fr/fre French, français, Canadian French
fry/fy Western Frisian, Frysk
ful/ff Fulah, Fula, Pulaar
gla/gd Scottish Gaelic, Gàidhlig
gle/ga Irish, Gaeilge
glg/gl Galician, galego
glv/gv Manx, Gaelg
grn/gn Guarani
guj/gu Gujarati, ગુજરાતી
hat/ht Haitian, Haitian Creole
hau/ha Hausa
heb/he Hebrew, עברית
her/hz Herero
hin/hi Hindi, हिन्दी
hmo/ho Hiri Motu
hrv/hr Croatian, hrvatski
hun/hu Hungarian, magyar
hye/hy/arm Armenian, հայերեն
ibo/ig Igbo
ido/io Ido
iii/ii Sichuan Yi, Nuosu, ꆈꌠꉙ
iku/iu Inuktitut
ile/ie Interlingue, Occidental
ina/ia Interlingua
ind/id Indonesian, Indonesia
ipk/ik Inupiaq
isl/is/ice Icelandic, íslenska
ita/it Italian, italiano
jav/jv Javanese, Jawa
jpn/ja Japanese, 日本語
kal/kl Kalaallisut, Greenlandic
kan/kn Kannada, ಕನ್ನಡ
kas/ks Kashmiri, کٲشُر
kat/ka/geo Georgian, ქართული
kau/kr Kanuri
kaz/kk Kazakh, қазақ тілі
khm/km Central Khmer, Khmer, ខ្មែរ
kik/ki Kikuyu, Gikuyu
kin/rw Kinyarwanda, Ikinyarwanda
kir/ky Kirghiz, Kyrgyz, кыргызча
kom/kv Komi
kon/kg Kongo
kor/ko Korean, 한국어
kua/kj Kuanyama, Kwanyama
kur/ku Kurdish
lao/lo Lao, ລາວ
lat/la Latin
lav/lv Latvian, latviešu
lim/li Limburgan, Limburger, Limburgish
lin/ln Lingala, lingála
lit/lt Lithuanian, lietuvių
ltz/lb Luxembourgish, Letzeburgesch, Lëtzebuergesch
lub/lu Luba-Katanga, Tshiluba
lug/lg Ganda, Luganda
mah/mh Marshallese
mal/ml Malayalam, മലയാളം
mar/mr Marathi, मराठी
mkd/mk/mac Macedonian, македонски
mlg/mg Malagasy
mlt/mt Maltese, Malti
mon/mn Mongolian, монгол
mri/mi/mao Maori, Māori
msa/ms/may Malay, Melayu
mya/my/bur Burmese, မြန်မာ, Myanmar
nau/na Nauru
nav/nv Navajo, Navaho
nbl/nr South Ndebele
nde/nd North Ndebele, isiNdebele
ndo/ng Ndonga
nep/ne Nepali, नेपाली
nld/nl/dut Dutch, Flemish, Nederlands
nno/nn Norwegian Nynorsk, norsk nynorsk
nob/nb Norwegian Bokmål, norsk bokmål, Bokmål
nor/no Norwegian, norsk
nya/ny Chichewa, Chewa, Nyanja
oci/oc Occitan, Provençal
oji/oj Ojibwa
ori/or Oriya, Odia, ଓଡ଼ିଆ
orm/om Oromo, Oromoo
oss/os Ossetian, Ossetic, ирон
pan/pa Panjabi, Punjabi, ਪੰਜਾਬੀ
pli/pi Pali
pol/pl Polish, polski
por/pt Portuguese, português, Brazilian Portuguese, European Portuguese
pus/ps Pushto, Pashto, پښتو
que/qu Quechua, Runasimi
roh/rm Romansh, rumantsch
ron/ro/rum Romanian, Moldavian, Moldovan, română
run/rn Rundi, Ikirundi
rus/ru Russian, русский
sag/sg Sango, Sängö
san/sa Sanskrit, संस्कृत भाषा
sin/si Sinhala, Sinhalese, සිංහල
slk/sk/slo Slovak, slovenčina
slv/sl Slovenian, slovenščina
sme/se Northern Sami, davvisámegiella
smo/sm Samoan
sna/sn Shona, chiShona
snd/sd Sindhi, سنڌي
som/so Somali, Soomaali
sot/st Southern Sotho, Sesotho
spa/es Spanish, Castilian, español, Latin American Spanish
sqi/sq/alb Albanian, shqip
srd/sc Sardinian, sardu
srp/sr Serbian, српски
ssw/ss Swati
sun/su Sundanese, Basa Sunda
swa/sw Swahili, Kiswahili
swe/sv Swedish, svenska
tah/ty Tahitian
tam/ta Tamil, தமிழ்
tat/tt Tatar, татар
tel/te Telugu, తెలుగు
tgk/tg Tajik, тоҷикӣ
tgl/tl Tagalog
tha/th Thai, ไทย
tir/ti Tigrinya, ትግርኛ
ton/to Tongan, lea fakatonga
tsn/tn Tswana, Setswana
tso/ts Tsonga
tuk/tk Turkmen, türkmen dili
tur/tr Turkish, Türkçe
twi/tw Twi
uig/ug Uighur, Uyghur, ئۇيغۇرچە
ukr/uk Ukrainian, українська
urd/ur Urdu, اردو
uzb/uz Uzbek, o‘zbek
ven/ve Venda
vie/vi Vietnamese, Tiếng Việt
vol/vo Volapük
wln/wa Walloon
wol/wo Wolof
xho/xh Xhosa, IsiXhosa
yid/yi Yiddish, ייִדיש
yor/yo Yoruba, Èdè Yorùbá
zha/za Zhuang, Chuang, Vahcuengh
zho/zh/chi Chinese, 中文, Simplified Chinese, Chinese Simplified
zul/zu Zulu, isiZulu
fil Filipino
cmn Mandarin, Mandarin Chinese
yue Cantonese
arz Egyptian Arabic
ary Moroccan Arabic
arb Modern Standard Arabic, Standard Arabic
ceb Cebuano
haw Hawaiian
hmn Hmong
ckb Central Kurdish, Sorani
prs Dari
nds Low German
gsw Swiss German
nso Northern Sotho
ast Asturian
bho Bhojpuri
mai Maithili
ilo Ilocano
sco Scots
scn Sicilian
kab Kabyle
tpi Tok Pisin
grc Ancient Greek
zho-Hant Traditional Chinese, Chinese Traditional
kmr Kurmanji
`;
