"""What the explore page shows, as its address says it: centre, filters, layout, pins."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ui.graph import LAYOUTS, LayoutName
from ui.session import number, read, read_list, write

__all__ = [
    "MOST_PINS",
    "PARAMETERS",
    "SAMPLES",
    "STEPS",
    "View",
    "day",
    "layout",
    "pins",
    "read_view",
    "write_pins",
]

SAMPLES = (100, 300, 1000, 3000, 10_000)
"""How many of the most mentioned entities can be drawn where no entity is chosen."""
STEPS = (150, 500, 2000, 10_000, 30_000)
"""How many facts at most are drawn around entities: more for each click on "draw more"."""
MOST_PINS = 40
_ENTITIES = 200  # as many can be expanded
PARAMETERS = (
    "entity",
    "node",
    "edge",
    "to",
    "sample",
    "depth",
    "type",
    "rel",
    "without",
    "conf",
    "doc",
    "since",
    "until",
    "most",
    "layout",
    "pin",
)
"""The names in the address that make a view: what is undone, saved and shared. The language is not one of them."""

_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class View:
    """What is drawn. ``entities`` are the centre and what was expanded; empty for the ``sample`` most mentioned ones.

    With ``to``, the shortest path from the centre to it is drawn in place of the centre's neighbours. ``since`` and
    ``until`` are days in ISO 8601, empty for no bound.
    """

    entities: tuple[str, ...] = ()
    to: str = ""
    sample: int = 300
    depth: int = 1
    confidence: float = 0.0
    relations: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    most: int = STEPS[0]

    @property
    def filtered(self) -> bool:
        """Whether a filter leaves something out."""
        return bool(
            self.confidence
            or self.relations
            or self.without
            or self.types
            or self.documents
            or self.since
            or self.until
        )


def read_view() -> View:
    """The view that the address asks for; whatever makes no sense in it is left out."""
    sample = read("sample")
    entities = tuple(dict.fromkeys(read_list("entity")))[:_ENTITIES]
    return View(
        entities=entities,
        to=read("to"),
        sample=int(sample) if sample in map(str, SAMPLES) else SAMPLES[1],
        depth=2 if read("depth") == "2" else 1,
        confidence=number(read("conf"), 0.0, low=0.0, high=1.0),
        relations=read_list("rel"),
        without=read_list("without"),
        types=read_list("type"),
        documents=read_list("doc") if entities else (),
        since=day(read("since")) or "",
        until=day(read("until"), last=True) or "",
        most=_step(read("most")),
    )


def _step(text: str) -> int:
    return int(text) if text in map(str, STEPS) else STEPS[0]


def day(text: str, *, last: bool = False) -> str | None:
    """A year, a month or a day as its first (or ``last``) day in ISO 8601; None for anything else."""
    found = _DAY.fullmatch(text.strip())
    if not found:
        return None
    year, month = int(found[1]), int(found[2] or (12 if last else 1))
    if year < 1 or not 1 <= month <= 12:
        return None
    longest = calendar.monthrange(year, month)[1]
    in_month = int(found[3] or (longest if last else 1))
    return f"{year:04}-{month:02}-{in_month:02}" if 1 <= in_month <= longest else None


def layout() -> LayoutName:
    """The layout that the address names."""
    return next((name for name in LAYOUTS if name == read("layout")), "force")


def pins() -> dict[str, tuple[int, int]]:
    """The places that nodes keep, by id."""
    found = {}
    for text in read_list("pin")[:MOST_PINS]:
        match = re.fullmatch(r"([^~]+)~(-?\d{1,6})~(-?\d{1,6})", text)
        if match:
            found[match[1]] = (int(match[2]), int(match[3]))
    return found


def write_pins(places: dict[str, tuple[int, int]]) -> None:
    """Put pins into the address; the oldest go where there are too many."""
    kept: Sequence[tuple[str, tuple[int, int]]] = list(places.items())[-MOST_PINS:]
    write(pin=tuple(f"{id_}~{x}~{y}" for id_, (x, y) in kept))
