"""Gold and predicted files, read and compared: what ``kg evaluate`` prints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kg_builder.errors import EvaluationError
from kg_builder.evaluate.triples import Match, Scores, match_key, score_by_relation, score_keys
from kg_builder.types import Triple

__all__ = ["Evaluation", "evaluate_files"]

_SHOWN: tuple[Match, ...] = ("exact", "relaxed", "head")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores by way to match, over all statements, and over facts alone, matched exactly (``facts``).

    A match always agrees on whether it states a fact: neither negated nor hypothetical, asked or hearsay.
    """

    texts: int
    scores: Mapping[str, Scores]
    by_relation: Mapping[str, Scores] = field(repr=False, default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: one mapping of figures for each way to match."""
        return {"texts": self.texts, **{name: scores.to_dict() for name, scores in self.scores.items()}}


class _Claim(NamedTuple):
    """A triple and whether it is stated as a fact."""

    triple: Triple
    is_fact: bool


def evaluate_files(gold: Path, predicted: Path, *, bootstrap: int = 1000) -> Evaluation:
    """The scores of the file `predicted` against the file `gold`.

    Gold is JSONL with one object for each text: ``{id, text, triples: [{head, relation, tail, polarity, modality}]}``.
    Predicted is the same, joined by ``id``, or the JSONL of ``kg extract --lines`` over the gold texts in their order,
    joined by ``line``. A text without any line has no predictions. `bootstrap` samples give F1's intervals.

    Raises:
        EvaluationError: a file that cannot be read, or predictions for texts that gold does not have.
    """
    rows = list(_objects(gold))
    places = {}
    wanted: list[list[_Claim]] = []
    for number, row in rows:
        identity = str(row.get("id", len(wanted) + 1))
        if identity in places:
            raise EvaluationError(
                f"expected an id of its own for every gold text, found {identity!r} twice: {gold}:{number}"
            )
        places[identity] = len(wanted)
        wanted.append(_claims(row, gold, number))
    if not wanted:
        raise EvaluationError(
            f"expected at least one gold text as a JSON object on a line of its own, found none: {gold}"
        )
    found = _predictions(predicted, places, gold)
    scores: dict[str, Scores] = {
        match: score_keys(_keys(wanted, match), _keys(found, match), bootstrap=bootstrap) for match in _SHOWN
    }
    facts = [[[c for c in claims if c.is_fact] for claims in side] for side in (wanted, found)]
    scores["facts"] = score_keys(_keys(facts[0], "exact"), _keys(facts[1], "exact"), bootstrap=bootstrap)
    triples = [[[c.triple for c in claims] for claims in side] for side in (wanted, found)]
    return Evaluation(len(wanted), scores, score_by_relation(triples[0], triples[1], match="exact"))


def _keys(texts: list[list[_Claim]], match: Match) -> list[list[Hashable]]:
    key = match_key(match)
    return [[(key(claim.triple), claim.is_fact) for claim in claims] for claims in texts]


def _predictions(path: Path, places: Mapping[str, int], gold: Path) -> list[list[_Claim]]:
    """The claims of the predicted file, in the order of the gold texts."""
    found: list[list[_Claim]] = [[] for _ in places]
    unknown: Counter[str] = Counter()
    for number, row in _objects(path):
        if "triples" in row:
            place = places.get(str(row.get("id", number)))
            claims = _claims(row, path, number)
        elif isinstance(row.get("line"), int):
            place = row["line"] - 1 if 0 < row["line"] <= len(places) else None
            claims = [_claim(row, path, number)]
        else:
            raise EvaluationError(
                "expected an object with 'triples' and 'id', or with 'line' as `kg extract --lines` prints it, found "
                f"the fields {', '.join(sorted(map(str, row))) or 'none'}: {path}:{number}"
            )
        if place is None:
            unknown[str(row.get("id", row.get("line", number)))] += 1
        else:
            found[place] += claims
    if unknown:
        named = ", ".join(list(unknown)[:5])
        raise EvaluationError(
            f"expected predictions for the {len(places)} texts of {gold} alone, found {len(unknown)} other texts "
            f"({named}) in {path}: compare files made from the same texts in the same order"
        )
    return found


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file with their line numbers; blank lines are passed over."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, _object(line, path, number)
    except (OSError, UnicodeDecodeError) as exc:
        raise EvaluationError(f"expected a JSONL file in UTF-8, could not read {path}: {exc}") from exc


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise EvaluationError(f"expected one JSON object a line, found {line[:60]!r} ({exc}): {path}:{number}") from exc
    if not isinstance(value, dict):
        raise EvaluationError(f"expected one JSON object a line, found {line[:60]!r}: {path}:{number}")
    return value


def _claims(row: Mapping[str, Any], path: Path, number: int) -> list[_Claim]:
    triples = row.get("triples")
    if not isinstance(triples, list):
        raise EvaluationError(f"expected a list under 'triples', found {triples!r}: {path}:{number}")
    return [_claim(triple, path, number) for triple in triples]


def _claim(row: object, path: Path, number: int) -> _Claim:
    parts = [row.get(name) if isinstance(row, dict) else None for name in ("head", "relation", "tail")]
    if not isinstance(row, dict) or not all(isinstance(part, str) for part in parts):
        raise EvaluationError(
            f"expected a triple with the strings head, relation and tail, found {row!r}: {path}:{number}"
        )
    is_fact = row.get("polarity", "positive") == "positive" and row.get("modality", "asserted") == "asserted"
    return _Claim(Triple(*map(str, parts)), is_fact)
