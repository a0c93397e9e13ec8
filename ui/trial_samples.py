"""Short texts to try extractors on, written for this project: passives, denials, hearsay, dates, pronouns."""

from __future__ import annotations

__all__ = ["SAMPLES"]

_ENGLISH = (
    "Northmoor Tidal was founded by Ines Calder in 2009 and is based in Port Harrow. In March 2021 it bought "
    "Brightwave Sensors for 40 million euros. Calder, who studied at the University of Leath, leads the company. She "
    "did not join the board of Harrow Bank. According to the Harrow Gazette, Northmoor may open a second plant in "
    "Skelby next year."
)
_CHINESE = (
    "潮岸能源由林若溪于2012年在青屿市创立。2020年，公司以三亿元收购了海星传感。林若溪毕业于青屿大学，现任董事长。"
    "她没有加入青屿银行董事会。据《青屿日报》报道，潮岸能源明年可能在北湾建设第二座电站。"
)

SAMPLES: dict[str, str] = {"en": _ENGLISH, "zh": _CHINESE, "both": f"{_ENGLISH}\n\n{_CHINESE}"}
"""By the language of the text."""
