"""Writes the traditional characters that names may have: ``python -m finetune.pipelines.zh_characters --out
kg_builder/models/zh/simplified.txt``.

From OpenCC's character tables (Apache-2.0), as far as GB 2312 has the simplified form. The line ``one:`` has characters
whose simplified form stands for one word only, so that two names can never fall together by it; ``many:`` has the rest
(後 and 后, 髮 and 發, 鍾 and 鐘).
"""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["main"]

# Simplified forms that OpenCC gives several traditional ones, which are one word in names or of which names know one.
_ONE_WORD = frozenset(
    "个产众参团坛宁广苏万叶云丰党台证绿线为药艺获岁启鉴墙厂战术总种赞馆铁录艳开线别当胜勋恶确画极荡据适买虫决构链纤"
)


def main(arguments: list[str] | None = None) -> None:
    """Write the table."""
    import opencc

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args(arguments).out
    folder = Path(opencc.__file__).parent / "dictionary"
    simplified, traditional = _read(folder / "TSCharacters.txt"), _read(folder / "STCharacters.txt")
    one: list[str] = []
    many: list[str] = []
    for character, (form, *others) in sorted(simplified.items()):
        if not _in_gb2312(form) or form == character:
            continue
        alone = not any(map(_in_gb2312, others)) and len(set(traditional.get(form, [character]))) == 1
        # What GB 2312 has as well (乾, 於, 後) is a simplified character too.
        sure = (alone or form in _ONE_WORD) and not _in_gb2312(character)
        (one if sure else many).append(character + form)
    out.write_text(f"one: {' '.join(one)}\nmany: {' '.join(many)}\n", encoding="utf-8")


def _read(path: Path) -> dict[str, list[str]]:
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {character: forms.split() for character, forms in lines}


def _in_gb2312(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


if __name__ == "__main__":
    main()
