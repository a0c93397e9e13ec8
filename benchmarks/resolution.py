"""Names made one, from ten thousand to a million: time, memory, and how right it is.

    python benchmarks/resolution.py [--names 10000,100000,1000000] [--json]
    python benchmarks/resolution.py --peer PYTHON [--names 1000,3000,10000]

The names are generated, half of them English, half Chinese, so that the truth is known: companies, people and places
whose parts are drawn from Zipf's law, each with variants as texts have them (legal forms, initials, surnames alone,
acronyms, short forms, typing errors, stated aliases) and with facts and documents, also Zipfian. Every size runs in a
process of its own; the exponent is the slope of the logarithms of time and names from the smallest to the largest.

With --peer, the exact and the fuzzy method of neo4j-graphrag run beside ours on the same names, by the interpreter of
an environment that has the package and rapidfuzz: the first joins names that are equal, the second compares every pair
of names of one type, and joins what rapidfuzz's WRatio finds similar by 0.8 or more, transitively.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import time
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from itertools import accumulate

from kg_builder.names import name_key
from kg_builder.resolve.batch import resolve_names
from kg_builder.resolve.records import Profile
from kg_builder.types import Name


def _words(text: str) -> list[str]:
    return text.split()


_CONSONANTS = _words("b br c ch cl d dr f fl g gr h j k l m n p pr qu r s sh st t th tr v w")
_VOWELS = _words("a e i o u ai ea ee ia io ou")
_ENDS = _words("n r l s t m nd rt ck ll x ne ton ley man son berg")
_HAN = (
    "安白宝北本博彩灿昌长超成城诚春达大德东端恩发方飞丰福富港高歌光广海汉浩和宏洪华辉惠佳嘉建江杰金京晶景聚凯康兰蓝乐力丽联良林"
    "灵龙隆绿美明宁欧鹏平普奇启千青清庆泉仁荣瑞润山善尚盛胜世书双顺思松泰腾天田通同万维伟文西祥晓新鑫兴"
    "星雄旭雅扬阳业益银英永友裕元源远悦云泽展兆正志中忠众卓紫"
)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
_GIVEN = _words(
    "James Mary John Linda Robert Susan Michael Karen David Nancy William Lisa "
    "Richard Betty Joseph Sandra Thomas Ashley Charles Emily Daniel Donna Matthew Carol "
    "Anthony Ruth Mark Sharon Steven Laura Paul Helen Andrew Amy George Anna "
)
_TRADES = _words("Robotics Energy Shipping Foods Systems Pharma Logistics Textiles Mining Media Software Capital")
_TRADES_ZH = _words("能源 科技 物流 食品 医药 传媒 软件 钢铁 化工 航空 地产 电子")
_KINDS_ZH = _words("股份有限公司 有限公司 集团有限公司 有限责任公司")


class Zipf:
    """Draws from a list with odds falling as one over the rank."""

    def __init__(self, size: int, chance: random.Random) -> None:
        self._sums = list(accumulate(1 / (rank + 2) for rank in range(size)))
        self._chance = chance

    def __call__(self) -> int:
        """A place of the list."""
        return bisect(self._sums, self._chance.random() * self._sums[-1])


class Generator:
    """Names with the entity each belongs to."""

    def __init__(self, names: int, seed: int) -> None:
        self.chance = random.Random(seed)
        words = max(300, names // 8)
        self.words = self._distinct(words, self._word)
        self.han = self._distinct(words, lambda: "".join(self.chance.sample(_HAN, 2)))
        self.surnames = self._distinct(max(200, names // 20), self._word)
        self.word, self.surname = Zipf(len(self.words), self.chance), Zipf(len(self.surnames), self.chance)
        self.document = Zipf(max(50, names // 10), self.chance)

    def _distinct(self, size: int, make: Callable[[], str]) -> list[str]:
        found: dict[str, None] = {}
        for _ in range(40 * size):
            if len(found) >= size:
                break
            found[make()] = None
        return list(found)

    def _word(self) -> str:
        syllables = self.chance.choice((1, 2, 2, 3))
        text = "".join(self.chance.choice(_CONSONANTS) + self.chance.choice(_VOWELS) for _ in range(syllables))
        return (text + self.chance.choice(_ENDS)).capitalize()

    def entity(self) -> tuple[str, list[str], list[tuple[str, str]]]:
        """A type, the names, and pairs of names of which a text says that they are one."""
        pick = self.chance.random()
        make = (self._company, self._person, self._company_zh, self._person_zh)[int(pick * 4)]
        return make()

    def _company(self) -> tuple[str, list[str], list[tuple[str, str]]]:
        core = f"{self.words[self.word()]} {self.words[self.word()]} {self.chance.choice(_TRADES)}"
        names = [core]
        if self.chance.random() < 0.5:
            names.append(f"{core} {self.chance.choice(['Inc.', 'Ltd.', 'Corporation', 'Group'])}")
        stated = []
        if self.chance.random() < 0.2:
            short = "".join(word[0] for word in core.split())
            names.append(short)
            stated.append((short, core))
        if self.chance.random() < 0.15:
            names.append(self._misspelt(core))
        return "Organization", names, stated

    def _person(self) -> tuple[str, list[str], list[tuple[str, str]]]:
        given, last = self.chance.choice(_GIVEN), self.surnames[self.surname()]
        middle = self.chance.choice("ABCDEFGHJKLMPRSTW")
        full = f"{given} {self.words[self.word()]} {last}" if self.chance.random() < 0.6 else f"{given} {last}"
        names = [full]
        if len(full.split()) == 2 and self.chance.random() < 0.3:
            names.append(f"{given} {middle}. {last}")
        if self.chance.random() < 0.3:
            names.append(last)
        if self.chance.random() < 0.2:
            names.append(f"{self.chance.choice(['Dr.', 'Mr.', 'Prof.'])} {full}")
        if self.chance.random() < 0.15:
            names.append(self._misspelt(full))
        return "Person", names, []

    def _company_zh(self) -> tuple[str, list[str], list[tuple[str, str]]]:
        core = self.han[self.word() % len(self.han)] + self.han[self.word() % len(self.han)]
        core += self.chance.choice(_TRADES_ZH)
        names = [core]
        if self.chance.random() < 0.5:
            names.append(core + self.chance.choice(_KINDS_ZH))
        stated = []
        if self.chance.random() < 0.2:
            names.append(core[0] + core[2] + core[4])
            stated.append((names[-1], core))
        if self.chance.random() < 0.1:
            alias = f"{self.words[self.word()]} {self.words[self.word()]}"
            names.append(alias)
            stated.append((core, alias))
        return "Organization", names, stated

    def _person_zh(self) -> tuple[str, list[str], list[tuple[str, str]]]:
        full = self.chance.choice(_SURNAMES) + self.han[self.word() % len(self.han)]
        names = [full]
        if self.chance.random() < 0.3:
            names.append(full + self.chance.choice(["先生", "女士", "教授", "博士"]))
        return "Person", names, []

    def _misspelt(self, text: str) -> str:
        places = [i for i in range(1, len(text) - 2) if text[i : i + 2].isalpha()]
        i = self.chance.choice(places)
        kinds = (
            text[:i] + text[i + 1] + text[i] + text[i + 2 :],
            text[:i] + text[i + 1 :],
            text[:i] + text[i] + text[i:],
        )
        return self.chance.choice(kinds)


def generate(names: int, *, seed: int = 5) -> tuple[list[Profile], dict[str, frozenset[int]]]:
    """Profiles of about `names` distinct names, and the entities that each name is used for.

    Names are drawn again and again: a surname, and now and then a full name, belongs to several entities, as it does in
    life. Every entity has documents of its own, some shared, and facts that a part of its names are used with.
    """
    maker = Generator(names, seed)
    chance = maker.chance
    truth: dict[Name, set[int]] = defaultdict(set)
    surfaces: dict[Name, set[str]] = defaultdict(set)
    facts: dict[Name, set[str]] = defaultdict(set)
    documents: dict[Name, set[str]] = defaultdict(set)
    stated: dict[Name, set[str]] = defaultdict(set)
    number = 0
    taken: set[str] = set()
    while len(truth) < names:
        kind, variants, pairs = maker.entity()
        if variants[0] in taken and chance.random() < 0.95:  # few full names belong to two
            continue
        taken.add(variants[0])
        number += 1
        own_facts = [
            f"{chance.choice('abcdefgh')}>{maker.words[maker.word()].lower()}" for _ in range(chance.randint(1, 4))
        ]
        own_documents = [f"d{maker.document()}" for _ in range(chance.randint(1, 3))]
        for surface in variants:
            name = Name(name_key(surface), kind if chance.random() < 0.9 else "Other")
            truth[name].add(number)
            surfaces[name].add(surface)
            facts[name].update(chance.sample(own_facts, chance.randint(1, len(own_facts))))
            documents[name].update(chance.sample(own_documents, chance.randint(1, len(own_documents))))
        for one, other in pairs:
            for name in (Name(name_key(one), kind), Name(name_key(one), "Other")):
                if name in truth:
                    stated[name].add(name_key(other))
    profiles = [
        Profile(
            name,
            dict.fromkeys(sorted(surfaces[name]), 1),
            *map(frozenset, (facts[name], documents[name], stated[name])),
        )
        for name in truth
    ]
    return profiles, {name.id: frozenset(entities) for name, entities in truth.items()}


def score(cluster: Mapping[str, Hashable], truth: Mapping[str, frozenset[int]]) -> dict[str, float]:
    """Pairwise precision and recall of names; a pair is right if some entity bears both names.

    A surname that several entities bear can be with one of them at most; it is left out of recall.
    """
    members: dict[Hashable, list[str]] = defaultdict(list)
    for name, found in cluster.items():
        members[found].append(name)
    together = right = 0
    for names in members.values():
        together += len(names) * (len(names) - 1) // 2
        if len(names) < 2000:
            right += sum(bool(truth[a] & truth[b]) for i, a in enumerate(names) for b in names[i + 1 :])
    bearers: dict[int, list[str]] = defaultdict(list)
    for name, entities in truth.items():
        for entity in entities if len(entities) == 1 else ():
            bearers[entity].append(name)
    wanted = {(a, b) for names in bearers.values() for i, a in enumerate(sorted(names)) for b in sorted(names)[i + 1 :]}
    found_pairs = sum(cluster[a] == cluster[b] for a, b in wanted)
    precision, recall = right / max(1, together), found_pairs / max(1, len(wanted))
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / max(1e-9, precision + recall), 4),
        "entities": len(members),
        "largest": max(map(len, members.values())),
    }


def measure(names: int) -> dict[str, float]:
    """Generate, resolve and score; seconds of processor time, and the most memory in MB, of which profiles before."""
    profiles, truth = generate(names)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.process_time()
    groups, links = resolve_names(profiles, must=(), never=())
    seconds = time.process_time() - begin
    cluster = {name: members[0] for members in groups for name in members}
    return {
        "names": len(profiles),
        "seconds": round(seconds, 2),
        "links": len(links),
        "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "megabytes_of_profiles": round(before),
        **score(cluster, truth),
    }


_PEER = """
import json, sys, time
from itertools import combinations
from rapidfuzz import fuzz
try:
    from neo4j_graphrag.components.resolver import FuzzyMatchResolver
except ImportError:
    from neo4j_graphrag.experimental.components.resolver import FuzzyMatchResolver
rows = json.load(sys.stdin)
method = sys.argv[1]
begin = time.process_time()
parent = list(range(len(rows)))
def root(i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
by_type = {}
for i, (text, kind) in enumerate(rows):
    by_type.setdefault(kind, []).append(i)
if method == "exact":
    first = {}
    for i, (text, kind) in enumerate(rows):
        parent[root(i)] = root(first.setdefault((text, kind), i))
else:
    similar = FuzzyMatchResolver.compute_similarity
    for places in by_type.values():
        for i, j in combinations(places, 2):
            if similar(None, rows[i][0], rows[j][0]) >= 0.8:
                parent[root(i)] = root(j)
print(json.dumps({"seconds": round(time.process_time() - begin, 2), "cluster": [root(i) for i in range(len(rows))]}))
"""


def beside(python: str, names: int) -> list[dict[str, object]]:
    """Ours, and the peer's two methods, on the surfaces of the same names."""
    profiles, truth = generate(names)
    rows = [(min(profile.surfaces), profile.name.type) for profile in profiles]
    found: list[dict[str, object]] = [{"method": "kg-builder", **measure(names)}]
    for method in ("exact", "fuzzy"):
        done = subprocess.run(
            [python, "-c", _PEER, method], input=json.dumps(rows), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"expected {python} to have neo4j-graphrag and rapidfuzz: {done.stderr[-400:]}")
        answer = json.loads(done.stdout.splitlines()[-1])
        cluster = {profile.id: place for profile, place in zip(profiles, answer["cluster"], strict=True)}
        found.append(
            {
                "method": f"neo4j-graphrag {method}",
                "names": len(rows),
                "seconds": answer["seconds"],
                **score(cluster, truth),
            }
        )
    return found


def main() -> None:
    """Run every size and print its figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--names", default="10000,30000,100000,300000,1000000")
    options.add_argument("--peer", metavar="PYTHON")
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    sizes = [int(size) for size in arguments.names.split(",")]
    if arguments.peer:
        for size in sizes:
            for row in beside(arguments.peer, size):
                print(json.dumps(row), flush=True)
        return
    rows = []
    for size in sizes:
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(size)], capture_output=True, text=True, check=True
        )
        rows.append(json.loads(done.stdout))
        print(done.stdout.strip(), flush=True)
    if len(rows) > 1:
        first, last = rows[0], rows[-1]
        slope = math.log(last["seconds"] / first["seconds"]) / math.log(last["names"] / first["names"])
        print(json.dumps({"exponent": round(slope, 3)}))


if __name__ == "__main__":
    main()
