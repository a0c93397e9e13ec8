"""What a document's extractions make together: one type for each of its names."""

from __future__ import annotations

from kg_builder.contributing import contribute
from kg_builder.types import Contribution, Document, Extraction, Mention, Relation, Segment, digest


def contributed(*statements: str) -> Contribution:
    """A document of sentences like ``Ann:Person | knows | Bob:Person``."""
    text = ""
    found = []
    for statement in statements:
        (head, head_type), words, (tail, tail_type) = (
            part.split(":") if ":" in part else part for part in statement.split(" | ")
        )
        at = len(text)
        middle = at + len(head) + 1
        end = middle + len(words) + 1
        text += f"{head} {words} {tail}. "
        mentions = Mention(head, at, at + len(head), head_type), Mention(tail, end, end + len(tail), tail_type)
        found.append((mentions[0], Relation(words, middle, middle + len(words), lemma=words), mentions[1]))
    document = Document("a.txt", digest("bytes", text), "a", text, "en")
    segment = Segment(document, 0, 0, len(text), language="en")
    made = [Extraction(head, relation, tail, 0.9, "test", segment=segment) for head, relation, tail in found]
    return contribute(document, [segment], made)


def types(contribution: Contribution, surface: str) -> set[str]:
    return {
        name.type
        for statement in contribution.statements
        for name, mention in (
            (statement.head, statement.extraction.head),
            (statement.tail, statement.extraction.tail),
        )
        if mention.surface == surface
    }


def test_a_single_other_type_of_a_name_is_taken_for_a_slip() -> None:
    made = contributed(
        "Acme:Organization | make | Ink:Product",
        "Acme:Organization | sell | Ink:Product",
        "Acme:Person | employ | Bob:Person",
    )
    assert types(made, "Acme") == {"Organization"}


def test_a_name_that_has_two_types_repeatedly_keeps_both() -> None:
    made = contributed(
        "Paris:Place | lie on | Seine:Place",
        "Paris:Place | have | Metro:Product",
        "Paris:Person | love | Helen:Person",
        "Paris:Person | kill | Achilles:Person",
    )
    assert types(made, "Paris") == {"Place", "Person"}


def test_a_word_that_is_also_written_small_is_no_name() -> None:
    made = contributed(
        "Porpoises:Organization | avoid | noise:Other",
        "divers:Person | saw | porpoises:Other",
        "Porpoises:Organization | like | herring:Other",
        "noise:Other | disturb | porpoises:Other",
    )
    assert types(made, "Porpoises") == types(made, "porpoises") == {"Other"}


def test_a_name_stays_one_though_it_is_once_written_small() -> None:
    made = contributed(
        "Apple:Organization | make | iPods:Product",
        "Apple:Organization | sell | iPods:Product",
        "Bob:Person | eat | apple:Other",
    )
    assert types(made, "Apple") == {"Organization"}
