"""Which of the old encodings a text without a mark is written in, judged by whether its words are
words of a language.

charset-normalizer tells the encodings of Chinese, Japanese and Korean apart. Its answer for single
bytes is not used: ``Şişecam`` in Windows-1254 and ``Šiaulių bankas`` in Windows-1257 it reads as
Windows-1250 and 1252, without a word.
"""

import re
from collections.abc import Iterable

_EAST = ("gb18030", "big5", "cp932", "euc_jp", "cp949")
_EAST_NAMES = {
    "euc_jis_2004": "euc_jis_2004",
    "euc_jisx0213": "euc_jp",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "euc_kr": "cp949",
    "johab": "johab",
    "big5hkscs": "big5hkscs",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}

_LETTERS = {
    "de": "äöüß",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü",
    "pt": "ãáàâçéêíóôõúü",
    "it": "àèéìíîòóùú",
    "da": "æøåé",
    "sv": "åäöé",
    "is": "áðéíóúýþæö",
    "fi": "äöåšž",
    "nl": "éëïöüáó",
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîşţ",
    "hr": "čćđšž",
    "tr": "çğıöşüâîû",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äõöüšž",
    "vi": "àáâãèéêìíòóôõùúýăđĩũơưạ\u0300\u0301\u0303\u0309\u0323",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "he": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ar": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",
}
_WEST = ("de", "fr", "es", "pt", "it", "da", "sv", "nl", "is")
_SINGLE = {
    "cp1252": _WEST,
    "iso8859_15": (*_WEST, "fi"),
    "cp1250": ("pl", "cs", "sk", "hu", "ro", "hr", "de"),
    "cp1254": ("tr",),
    "cp1257": ("lt", "lv", "et"),
    "cp1251": ("ru", "uk"),
    "cp1255": ("he",),
    "cp1253": ("el",),
    "cp1256": ("ar",),
    "cp1258": ("vi",),
    "mac_roman": _WEST,
    "koi8_r": ("ru",),
    "cp866": ("ru",),
    "mac_cyrillic": ("ru", "uk"),
    "iso8859_2": ("pl", "cs", "hu"),
    "iso8859_7": ("el",),
    "cp850": _WEST,
    "cp852": ("pl", "cs", "hu"),
}
"""Encodings of single bytes, and the languages that are written in each; at equal merit the first
stands.
"""
_APART = set("–—‘’“”„«»€£¥§°©®™…·•²³½¼×ªº¡¿№\u00a0\u200e\u200f") | set("ºª")
_NO_WORD = re.compile(
    r"[a-zA-Z][–—‘“”„«»€£¥§°©®™…·•²³½¼×ªº¡¿№][a-zA-Z]|[£¥§²³º°]{2}|[¼½¾³¹×¸¨¯¬¦¶±÷¤¢»”›™£¥°•][^\W\d_]"
    r"|[^\W\d_][¼½¾¹×¸¨¯¬¦¶±÷¤¢«„{}|~^`\\]|[^\x00-\x7f][{}|~^`\\]"
)
"""Marks beside letters as no word has them: what a wrong reading makes of letters."""
_VOWELS = {"ru": "аеёиоуыэюя", "uk": "аеєиіїоуюя", "el": "αεηιουωάέήίόύώ"}
_VOWEL_SHARE = 0.25
"""In texts of these languages at least so many letters are vowels; a wrong reading has fewer."""
SURE = 0.4
"""Merit below which no reading is believed."""
FEW = 8
"""With so few different cells beyond ASCII, another reading may be as good by chance."""
FEW_OF_A_SCRIPT = 2
"""Of Russian, Greek or Arabic cells fewer tell: other scripts' readings have odd capitals."""
_NEAR = 0.05
_USUAL = set("äöüßéèêëàâçîïôùûñáíóúãåøæœ’–—‘“”«»€£§°·º")
"""Letters so usual in Western texts that their reading is taken, and said, where others fit too."""
_LEADS = {"cp949": (0xB0, 0xC8), "big5": (0xA4, 0xC6), "cp932": (0x82, 0x97), "johab": (1, 0)}
"""First bytes of the usual signs of an encoding of pairs."""


def judge_encodings(start: bytes) -> list[tuple[float, str]]:
    """Encodings of a text by merit (0–1), the best first; readings that are alike stand once."""
    words = _high_words(start)
    if not words:
        return [(1.0, "cp1252")]
    found = [
        (merit, encoding)
        for encoding, languages in _SINGLE.items()
        if (merit := _merit(words, encoding, languages)) > 0
    ]
    if all(re.fullmatch(rb"[\x00-\x7f\xe0-\xfa]*", cell) for cell in words):
        # Small Russian letters alone, none of them ы, ь, э, ю or я: that is Hebrew.
        found = [(merit - 0.1 * (encoding == "cp1251"), encoding) for merit, encoding in found]
    east = _eastern(start)
    if east and (_in_pairs(start) or max(found, default=(0.0, ""))[0] < SURE + 0.2):
        sure = len(words) > FEW or _usual_pairs(words, east) or not found
        found.append((1.5 if sure else SURE, east))
    return sorted(found, key=lambda one: -one[0])


def other_readings(start: bytes, encoding: str) -> tuple[dict[str, str], bool]:
    """How other encodings, as good as this one, read the first cell that they read otherwise (this
    one's first), and whether this reading is of usual letters. None where many cells tell.
    """
    words, judged = _high_words(start), judge_encodings(start)
    best = {name: merit for merit, name in judged}.get(encoding, 0.0)
    if not 0 < len(words) <= FEW or encoding not in _SINGLE:
        return {}, True
    own = [word.decode(encoding) for word in words]
    if len(words) > FEW_OF_A_SCRIPT and any(letter > "\u024f" for letter in own[0]):
        return {}, True
    found: dict[str, str] = {}
    for name in (name for merit, name in judged if merit >= best - _NEAR and name != encoding):
        read = [word.decode(name, errors="replace") for word in words]
        other = next(((a, b) for a, b in zip(own, read, strict=True) if a != b), None)
        if other and other[1] not in found.values():
            found |= {encoding: found.get(encoding, other[0]), name: other[1]}
    usual = {letter for text in own for letter in text.lower() if letter > "\x7f"} <= _USUAL
    if not found and not encoding.startswith("cp125"):
        found = {encoding: own[0]}  # of DOS and old Macs: rare, and right by chance more often
    return found, usual


def _usual_pairs(words: list[bytes], encoding: str) -> bool:
    """Whether nearly all pairs of bytes are of the usual signs of their encoding."""
    if encoding not in _LEADS:
        return True
    first, last = _LEADS[encoding]
    pairs = re.findall(rb"[\x80-\xff].", b" ".join(words), re.DOTALL)
    return sum(first <= pair[0] <= last for pair in pairs) >= 0.9 * len(pairs)


def _high_words(start: bytes) -> list[bytes]:
    """Distinct cells with bytes above 0x7F."""
    cells = re.split(rb"[;,\t|\r\n\"]", start)
    return sorted({cell.strip() for cell in cells if re.search(rb"[\x80-\xff]", cell)})[:4000]


def _merit(cells: Iterable[bytes], encoding: str, languages: tuple[str, ...]) -> float:
    """How far the cells are words: of one language, and of any language of the encoding."""
    import unicodedata

    alphabets = [set(_LETTERS[one]) for one in languages]
    own_script = not any("a" <= letter <= "\u024f" for letter in alphabets[0])
    by_language, by_any, n, whole = [0] * len(languages), 0, 0, ""
    for cell in cells:
        try:
            text = cell.decode(encoding)
        except UnicodeDecodeError:
            return 0.0
        n += 1
        # The small form of İ is an i with a dot that stands by itself.
        high = {letter for letter in text.lower() if letter > "\x7f"} - _APART - {"\u0307"}
        letters = {letter for letter in high if unicodedata.category(letter)[0] in "LM"}
        if high != letters or not _plausible_case(text):
            continue
        if own_script and re.search(r"[a-zA-Z][^\W\d_a-zA-Z]|[^\W\d_a-zA-Z][a-zA-Z]", text):
            continue  # no word is half Latin, half Greek
        whole += text.lower()
        fits = [letters <= alphabet for alphabet in alphabets]
        by_language = [count + fit for count, fit in zip(by_language, fits, strict=True)]
        by_any += any(fits)
    merit = 0.6 * max(by_language) / n + 0.4 * by_any / n
    return merit if _has_vowels(whole, languages[0]) else 0.5 * merit


def _has_vowels(text: str, language: str) -> bool:
    letters = [letter for letter in text if letter > "\u0250"]
    vowels = sum(letter in _VOWELS.get(language, "") for letter in letters)
    return language not in _VOWELS or vowels >= _VOWEL_SHARE * len(letters)


def _plausible_case(text: str) -> bool:
    """Whether words are written ``Word``, ``WORD`` or ``word``, with no capital behind small
    letters and no mark inside them.
    """
    for word in re.findall(r"[^\W\d_]+", text):
        if any(letter > "\x7f" for letter in word) and re.search("[a-zß-ÿα-ωа-яё]", word):
            rest = word[1:]
            if any(letter.isupper() and letter > "\x7f" for letter in rest):
                return False
    return _NO_WORD.search(text) is None


def _in_pairs(start: bytes) -> bool:
    """Whether bytes above 0x7F come in pairs, as Chinese characters do; in European texts they
    stand alone.
    """
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", start)]
    return bool(runs) and sum(run == 1 for run in runs) <= 0.1 * len(runs)


def _eastern(start: bytes) -> str:
    """The encoding of a Chinese, Japanese or Korean text; empty where it is none."""
    from charset_normalizer import from_bytes

    cut = start[: start.rfind(b"\n") + 1] or start
    best = from_bytes(cut, steps=10, chunk_size=2048, threshold=0.35).best()
    if best is None or best.encoding in _SINGLE:
        # A few names are too little for it; Chinese ones are told by their most usual characters.
        return "gb18030" if _in_pairs(start) and _usual_chinese(cut) else ""
    name = _EAST_NAMES.get(best.encoding, best.encoding)
    kana, half = re.compile("[\u3040-\u30ff]"), re.compile("[\uff61-\uff9f]")
    if name == "cp932" and _in_pairs(start) and _usual_chinese(cut):
        # Half-width kana are rare in Japanese, and all that pairs of Chinese bytes look like.
        text = cut.decode("cp932", errors="replace")
        if len(half.findall(text)) > 0.2 * sum(letter > "\x7f" for letter in text):
            return "gb18030"
    if name in ("gb18030", "cp949") and _decodes(cut, "euc_jp"):
        # Chinese holds no kana, so a reading with many of them is a Japanese one.
        text = cut.decode("euc_jp")
        if len(kana.findall(text)) > 0.1 * sum(letter > "\x7f" for letter in text):
            return "euc_jp"
    return name if name in (*_EAST, "euc_jis_2004", "big5hkscs", "johab") else ""


def _usual_chinese(text: bytes) -> bool:
    """Whether nearly all characters are of the first level of GB 2312: the usual ones."""
    pairs = re.findall(rb"[\x80-\xff]{2}", text)
    usual = sum(0xB0 <= pair[0] <= 0xD7 for pair in pairs)
    return _decodes(text, "gb18030") and usual >= 0.9 * len(pairs)


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
