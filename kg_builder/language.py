"""Which language a piece of text is in, as far as the pipelines care: English, Chinese or another.

Script decides first. Within the Latin script, function words do: running text of any language is full of them, while
names, headings and table cells have few or none, and those count as English unless something speaks against it.
"""

from __future__ import annotations

import re

from kg_builder.types import Language

__all__ = ["detect_language"]

# A Chinese character says about as much as three Latin letters, a kana or a hangul syllable as two.
_HAN_WEIGHT = 3
_SYLLABLE_WEIGHT = 2
# Chinese text may quote a brand with one の; Japanese text has kana everywhere.
_JAPANESE_SHARE = 0.12
_UNKNOWN_MIN_WORDS = 20

_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ʯḀ-ỿＡ-Ｚａ-ｚ]+")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af〇]+")
# Kana, hangul, and characters that Japanese writes and neither simplified nor traditional Chinese does.
_SYLLABLE = re.compile(
    r"[ぁ-ゖゝ-ゟァ-ヺー-ヿㇰ-ㇿｦ-ﾝᄀ-ᇿㄱ-ㆎ가-힣"
    r"々〆図売発経気県駅働込畑峠辻沢渋広関総歩毎挙応読説訳験険検権労営団囲圧実対専帰拡択払抜戦戻斉桜楽様歳"
    r"渇渓満犠獣畳砕稲穂穏竜粛続緑縄繊聴荘蔵薬覚観証譲豊賛軽転辺遅郷醸釈鉄鉱銭録雑霊頼顔髪鶏黒黙齢]"
)
# Whatever is neither of these nor common punctuation: Cyrillic, Greek, Arabic, Devanagari, Thai ...
_REST = re.compile(
    r"[^\x00-ʯḀ-ỿ\u2000-\u2fff\u3000-ヿㇰ-ㇿ㐀-䶿一-鿿豈-\ufaffᄀ-ᇿㄱ-ㆎ가-힣\uff00-\uffef\U00020000-\U000323af]+"
)


def _words(*lists: str) -> frozenset[str]:
    return frozenset(word for words in lists for word in words.split())


# Words of English only. Those that other languages write the same way ("in", "was", "of") count only where no word of
# another language is seen.
_ENGLISH = _words(
    """the and to that for with which were this from are have has been by its their they his her at but not you your
    will would should could these those what when where who whom whose how why than then there into between
    through about after before because while each such other both some any only our us she him them it if be
    being does did done may might must shall can cannot said"""
)
_WEAK_ENGLISH = _words("of had is was in on as he we an or i my no me so see come all also him go up care uh")

# Small words that also stand inside names used in English: Rio de Janeiro, Ludwig van Beethoven, Ortega y Gasset.
_PARTICLES = _words(
    """de la le les du des del della di da do dos das van von der den y e et und el al los las l d zu ter ten af av dal
    degli delle dei na i o san santa"""
)
_FOREIGN = _words(
    # French
    """est sont dans pour une un avec sur pas plus qui que ce cette ces mais nous vous ils elle elles je tu aux été
    être avoir avait était ont sans sous leur leurs comme tout tous même aussi où donc alors très qu cet entre
    depuis fait peut il ne se sa ses""",
    # German
    """ist sind das dem ein eine einen einem einer eines nicht mit auf für auch sich aus bei nach wurde wurden werden
    wird sein seine seiner haben hatte als wie oder aber nur noch über unter durch zum zur vom im ich wir ihr
    sie er dass daß weil wenn kein keine sehr gegen zwischen bis seit vor beim ins ihre ihren""",
    # Spanish, Catalan
    """es son en una con por para que se su sus como más pero fue fueron está están lo muy ya este esta estos estas ese
    esa hay también cuando sobre hasta desde nos yo él ella ellos porque donde quien sin tiene había han amb els
    dels per això aquest aquesta és són va molt""",
    # Portuguese
    """um uma não em no nas nos ao aos pelo pela com foi são mas também seu sua seus suas ele ela eles você isso isto
    quando muito já há tem foram esse""",
    # Italian
    """è lo gli uno che non con più come anche sono nel nella nei nelle sul sulla dalla alla alle ai questo questa suo
    loro perché dove stato stata fu ed tra fra molto ho ha hanno""",
    # Dutch
    """het een niet met voor zijn ook aan bij naar uit door werd worden wordt heeft hebben maar deze dit dat als nog
    wel zij hij haar ons onze geen tot tegen tussen wat waar hoe kan ik""",
    # Swedish, Danish, Norwegian
    """och att det är som på för inte ett har hon till från om var ska eller efter också vid mot og er ikke til fra sig
    blev blir ble jeg hun hvor når været vært ved mellom mellem men deres deras""",
    # Finnish, Estonian
    """ja ei että oli hän joka mutta kun myös ovat niin tai sekä mukaan kanssa ole ning kui oma tema see mis aga ka""",
    # Polish, Czech, Slovak, Croatian, Slovene
    """nie jest się że jak ale od przez był była było są oraz dla po za przy jego jej ich który która które tym tego z
    w je není jsem jako její byl byla bylo jsou pro při až nebo ve ze sú bol bola ako alebo su nije kako ali što
    koji koja koje iz te bio bila ili u ni kot tudi""",
    # Hungarian
    """az és hogy nem egy volt ez azt meg csak már mint vagy még ki van lesz voltak""",
    # Romanian
    """și în cu nu din pe care mai sunt fost pentru prin dar lui ale sau după""",
    # Turkish, Azerbaijani
    """ve bir bu için ile olarak olan değil daha çok gibi kadar ama sonra var idi olduğu tarafından""",
    # Indonesian, Malay, Tagalog
    """yang dan ini itu dengan untuk tidak dari pada adalah akan oleh dalam ke juga atau sebagai ada mereka saya kami
    telah ang ng mga sa ay hindi kung siya nang""",
    # Vietnamese
    """là và của có được trong không một những cho với người này các đã""",
    # Latin
    """sed quod cum quae ut sunt esse autem enim atque aut nec quam""",
    # Swahili, Lithuanian, Latvian, Welsh, Irish, Esperanto
    """wa kwa ni katika hii yake ir yra kad bet jis tai nuo kaip par kas bija yn yr ac mae wedi gan agus tá ar sé bhí
    kaj estas kiu oni""",
)
# Of these, what English has too, as a word, a name, an abbreviation or a unit.
_SHARED = _words(
    """a as at be do he i in is it me no on or to we was had has an am so us by up go my of if die man war hat den son
    pour plus sale come per con sin era ha all but bin also par her him ten ad ex un ai il er les au se es en em
    im me ma mi nos sub om var men pa ni ka ke vi je x w z u o te su ed once sa ng pro care mai fin don far ser
    tem tot kit wat bet tai gan can ac sir fu ho case sur ki ja este see mis oma ole ali ve na kan dit dat ada
    ut po za ar yr ya va ay dan ir har fra uno volt meg her cum nun lo det elle alt et cet sans van esse non met
    bis mit mint sie ich bir ist pas uma com um mae till em slap"""
) - _words("ist ich sie mit")
_STRONG = frozenset(w for w in _FOREIGN - _ENGLISH - _WEAK_ENGLISH - _PARTICLES - _SHARED if len(w) > 1 or w > "z")
_WEAK = frozenset(
    # Single letters are as likely the names of variables, columns and namespaces.
    word
    for word in ((_FOREIGN & _SHARED) | _PARTICLES) - _ENGLISH - _WEAK_ENGLISH
    if len(word) > 1
)
_LOANS = _words(
    """café cafés naïve façade façades résumé résumés fiancé fiancée cliché clichés décor née déjà élite über soufflé
    entrée entrées matinée protégé rosé purée sauté vis à coöperate jalapeño piñata crème brûlée château pâté
    doppelgänger smörgåsbord touché exposé"""
)
_SPACED = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~0123456789", " "))


def detect_language(text: str) -> Language:
    """The language of `text`: ``en``, ``zh`` (simplified or traditional) or ``other``; one pass, no model.

    Text of several scripts belongs to the one with the largest share of its letters. Short Latin text without evidence
    against it is English; text without any letter is ``other``. Japanese written without a single kana cannot be told
    from Chinese, except by characters that only Japanese has.
    """
    if text.isascii():
        return _latin_language(text.translate(_SPACED).split())
    words = _LATIN.findall(text)
    latin = sum(map(len, words))
    han = sum(map(len, _HAN.findall(text)))
    syllables = len(_SYLLABLE.findall(text))
    foreign = _SYLLABLE_WEIGHT * syllables + sum(c.isalpha() for run in _REST.findall(text) for c in run)
    if syllables > _JAPANESE_SHARE * han:
        foreign, han = foreign + _HAN_WEIGHT * han, 0
    weighted = _HAN_WEIGHT * han
    if weighted and weighted >= latin and weighted >= foreign:
        return "zh"
    if foreign > latin:
        return "other"
    return _latin_language(words)


def _latin_language(words: list[str]) -> Language:
    """English or not, for the words of a text in Latin script."""
    if not words:
        return "other"
    lowered = " ".join(words).lower().split()
    english = len([word for word in lowered if word in _ENGLISH])
    if english * 6 >= len(words):  # one word in six: running English, whatever it quotes
        return "en"
    strong = len([word for word in lowered if word in _STRONG])
    strong += len([w for w in words if not w.isascii() and w[0].islower() and w not in _LOANS])
    weak = len([word for word in lowered if word in _WEAK])
    if strong:
        score = strong + 0.5 * weak
        return "other" if score > english and score * 8 >= len(words) else "en"
    if weak >= 2 and weak > 2 * english and weak * 4 >= len(words):
        content = [w for w in words if w.lower() not in _WEAK]
        return "other" if sum(w[0].islower() for w in content) * 2 > len(content) else "en"
    small = [word for word in words if word[0].islower()]
    if len(small) >= _UNKNOWN_MIN_WORDS and len(small) * 2 > len(words):
        english += len([word for word in lowered if word in _WEAK_ENGLISH])
        return "other" if english * 25 < len(small) else "en"
    return "en"
