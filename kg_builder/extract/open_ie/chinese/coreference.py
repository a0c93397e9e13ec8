"""Who 他, 它 or 该公司 is, where a Chinese text leaves little doubt; nobody otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kg_builder.types import Mention

__all__ = ["Antecedents", "kind_named"]

_REACH = 3  # sentences
_NEARBY = 200  # entities that are looked at, so that work stays linear in the text
_PERSON = frozenset(["他", "她"])
_THING = frozenset(["它", "其"])
_POSSESSIVE = "其"
_ORGANIZATIONS = ("公司", "集团", "企业", "机构", "银行", "大学", "学校", "组织", "医院", "协会")
_PLACES = ("市", "城市", "县", "镇", "村", "国", "省", "岛", "地", "地区")
_POINTING = ("该", "本")
_KINDS = dict.fromkeys(_ORGANIZATIONS, "Organization") | dict.fromkeys(_PLACES, "Place")


def kind_named(name: str) -> str:
    """The noun that a text makes stand for a name of its own ("以下简称该公司", "简称公司"): 公司; empty for any other
    name. What many texts say of as many things is no name."""
    noun = name[1:] if name.startswith(_POINTING) else name
    return noun if noun in _ORGANIZATIONS else ""


@dataclass(slots=True)
class _Candidate:
    mention: Mention
    sentence: int
    subject: bool
    named: bool


class Antecedents:
    """The entities of a text so far, sentence by sentence."""

    def __init__(self) -> None:
        self._seen: list[_Candidate] = []
        self._unread: list[Callable[[], None]] = []
        self._defined: dict[str, Mention] = {}

    def later(self, read: Callable[[], None]) -> None:
        """`read` adds the entities of one more sentence; it is called when a pronoun first asks."""
        self._unread.append(read)

    def add(self, mention: Mention, sentence: int, *, subject: bool, named: bool) -> None:
        """Remember an entity of a sentence."""
        self._seen.append(_Candidate(mention, sentence, subject, named))

    def define(self, noun: str, mention: Mention) -> None:
        """From here on the text says `noun` for an entity."""
        self._defined[noun] = mention

    def of(self, pronoun: str, at: int, sentence: int, *, after: str = "") -> Mention | None:
        """What the pronoun at offset `at` stands for, or None: nobody whom the words `after` it in its sentence name
        (她向陈远帆介绍: she is somebody else)."""
        if pronoun in _PERSON:
            return self._nearest({"Person"}, at, sentence, after)
        if pronoun in _THING:
            return self._nearest(
                {"Organization", "Place", "Product", "Work", "Event", "Other"}
                | ({"Person"} if pronoun == "其" else set()),
                at,
                sentence,
                after,
            )
        return None

    def of_description(self, noun: str, at: int, sentence: int, *, pointed: bool) -> Mention | None:
        """The name that 该公司, 本市 (`pointed`) or plain 公司 stands for, or None."""
        kind = _KINDS.get(noun)
        if kind is None:
            return None
        near = [c for c in self._before(at, sentence) if c.named and c.mention.type == kind]
        if noun in self._defined and self._defined[noun].end <= at:
            return self._defined[noun]
        same = [c for c in near if c.mention.surface.endswith(noun) and len(c.mention.surface) > len(noun)]
        if not pointed:
            return near[-1].mention if _is_one({c.mention.surface for c in near}) else None
        if same:
            return same[-1].mention
        return self._nearest({kind}, at, sentence)

    def _before(self, at: int, sentence: int) -> list[_Candidate]:
        for read in self._unread:
            read()
        self._unread = []
        near = [c for c in self._seen[-_NEARBY:] if sentence - c.sentence <= _REACH]
        return [c for c in near if c.mention.end <= at]

    def _nearest(self, kinds: set[str], at: int, sentence: int, after: str = "") -> Mention | None:
        """The nearest subject of one of `kinds`; failing that, the only name of that kind within reach."""
        near = (c for c in self._before(at, sentence) if c.mention.type in kinds and c.named)
        fit = [c for c in near if c.mention.surface not in after]
        subjects = [c for c in fit if c.subject]
        if subjects:
            nearest = subjects[-1]
            rivals = {c.mention.surface for c in subjects if c.sentence == nearest.sentence}
            return (
                nearest.mention if len(rivals) == 1 or subjects[0].mention.surface == nearest.mention.surface else None
            )
        names = {c.mention.surface for c in fit}
        return fit[-1].mention if len(names) == 1 else None


def _is_one(names: set[str]) -> bool:
    """Whether names are one and its short forms: 海蓝科技有限公司, 海蓝科技."""
    longest = max(names, key=len, default="")
    return bool(names) and all(longest.startswith(name) for name in names)
