"""Which encoding bytes are in, by how well the text reads: own checks for Chinese and Latin, a library for the rest."""

from __future__ import annotations

import re
import string

__all__ = ["chinese_share", "guess", "guess_utf16"]

# The commonest characters of running text, simplified and traditional: they tell GBK from Big5 in a title of two words.
_SIMPLIFIED = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于"
    "起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明"
    "其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化"
    "由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系"
    "计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术"
    "结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众"
    "技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失"
    "拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坐集编宝谈府拉黑且随格尽剑讲布杀微怕母调局根曾准团段终乐切级克精哪官示"
    "冲竟乎男举客证苦照注费足尔招群热推晚响称兴待约阳哥惊吗整支古汉突号绝选吧参刊亚复伤类备欢另港势刻星断陈掌农夜般念价脑规底故省"
    "妈刚句显消衣陆器确破具居批送怀杨室例案企业条款合同规定单位法院原告被告判决销售购买经营者消费者应当依照有关部门责任登记申请目录"
)
_TRADITIONAL = (
    "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她裡後小麼心多天而能好都然沒日於"
    "起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明"
    "其種聲全工己話兒者向情部正名定女問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣信北少關並內加化"
    "由卻代軍產入先山五太水萬市眼體別處總才場師書比住員九笑性通目華報立馬命張活難神數件安表原車白應路期叫死常提感金何更反合放做系"
    "計或司利受光王果親界及今京務制解各任至清物台象記邊共風戰幹接它許八特覺望直服毛林題建南度統色字請交愛讓認算論百吃義科怎元社術"
    "結六功指思非流每青管夫連遠資隊跟帶花快條院變聯言權往展該領傳近留紅治決週保達辦運武半候七必城父強步完革深區即求品士轉量空甚眾"
    "技輕程告江語英基派滿式李息寫呢識極令黃德收臉錢黨倒未持取設始版雙歷越史商千片容研像找友孩站廣改議形委早房音火際則首單據導影失"
    "拿網香似斯專石若兵弟誰校讀志飛觀爭究包組造落視濟喜離雖坐集編寶談府拉黑且隨格盡劍講布殺微怕母調局根曾準團段終樂切級克精哪官示"
    "沖竟乎男舉客證苦照注費足爾招群熱推晚響稱興待約陽哥驚嗎整支古漢突號絕選吧參刊亞復傷類備歡另港勢刻星斷陳掌農夜般念價腦規底故省"
    "媽剛句顯消衣陸器確破具居批送懷楊室例案企業臺灣灣語灣縣鄉鎮區臺北鐵銀行總統選舉歲與於為錄詞"
)
_COMMON = frozenset(_SIMPLIFIED + _TRADITIONAL)
_PUNCTUATION = frozenset("，。、：；？！“”‘’「」『』《》〈〉（）【】—…·　－～％０１２３４５６７８９○〇")
_SAMPLE_BYTES = 1 << 16
_CHINESE = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5hkscs": ("big5", 0xA4, 0xC6)}
"""Encoding: the standard at its core, and the lead bytes of the half that holds the characters in common use."""
_RUNS = re.compile(rb"[\x80-\xff]+")
_ENOUGH = 0.45


def guess(data: bytes) -> str | None:
    """The encoding in which `data`, which is neither UTF-8 nor UTF-16 with a mark, reads as a language, or None.

    Chinese candidates are weighed by how common their characters are, which decides from two or three characters
    upward; Latin letters and quotes must stand alone among ASCII ones; other scripts are left to charset-normalizer.
    """
    sample = data if len(data) <= _SAMPLE_BYTES else data[: _SAMPLE_BYTES // 2] + data[-_SAMPLE_BYTES // 2 :]
    if _is_sprinkled(sample):
        return _latin_encoding(data)
    scores = {encoding: chinese_share(sample.decode(encoding, "replace"), encoding) for encoding in _CHINESE}
    best = max(scores, key=lambda encoding: scores[encoding])
    if scores[best] >= _ENOUGH:
        return best
    if _letters(sample) < len(sample) * 0.7 and (wide := guess_utf16(data)):
        return wide
    if _latin(sample, longest=2) >= 0.6:
        return _latin_encoding(data)
    return _by_library(sample) or (best if scores[best] > 0.2 else None)


def guess_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark, of either byte order, where nearly all of it is ASCII or common Chinese; else None."""
    if len(data) % 2 or len(data) < 4:
        return None
    head = data[:8192]
    texts = {encoding: head.decode(encoding, "replace") for encoding in ("utf-16-le", "utf-16-be")}
    scores = {encoding: _share_of_text(text) for encoding, text in texts.items()}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= 0.5 else None


def chinese_share(text: str, encoding: str) -> float:
    """Between -1 and 1: how much the non-ASCII part of a text decoded from `encoding` reads as Chinese."""
    beyond = [c for c in text if c > "\x7f"]
    if not beyond:
        return -1.0
    return sum(_weight(c, encoding) for c in beyond) / len(beyond)


def _weight(character: str, encoding: str, *, in_use: float = 0.35) -> float:
    if character in _COMMON:
        return 1.0
    if character in _PUNCTUATION:
        return 0.8
    if "\u4e00" <= character <= "\u9fff":
        return in_use if _in_common_use(character, encoding) else -0.15
    return -1.0


def _in_common_use(character: str, encoding: str) -> bool:
    codec, first, last = _CHINESE[encoding]
    try:
        return first <= character.encode(codec)[0] <= last
    except UnicodeEncodeError:
        return False


def _share_of_text(text: str) -> float:
    total = 0.0
    for c in text:
        if " " <= c <= "~" or c in "\n\r\t\f" or "\xa0" <= c <= "\u024f" or "\u2010" <= c <= "\u2044":
            total += 1
        else:
            total += max(_weight(c, encoding, in_use=0.7) for encoding in _CHINESE)
    return total / len(text)


def _is_sprinkled(sample: bytes) -> bool:
    """True for a few single high bytes among many ASCII letters: no Chinese, even where a pair could be a character."""
    high = sum(map(len, _RUNS.findall(sample)))
    return high <= len(sample) * 0.2 and _letters(sample) >= len(sample) * 0.6 and _latin(sample, longest=1) >= 0.9


def _letters(sample: bytes) -> int:
    return len(sample) - len(sample.translate(None, string.ascii_letters.encode()))


def _latin(sample: bytes, *, longest: int) -> float:
    """The share of high bytes in runs of at most `longest`: those of Western text stand alone, or in pairs."""
    lengths = [run.end() - run.start() for run in _RUNS.finditer(sample)]
    return sum(n for n in lengths if n <= longest) / sum(lengths) if lengths else 0.0


def _latin_encoding(data: bytes) -> str:
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _by_library(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else None
