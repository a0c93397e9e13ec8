"""OWL, RDFS and SHACL through rdflib: classes become types, properties relations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from kg_builder.errors import OntologyError
from kg_builder.ontology.records import EntityType, Ontology, RelationType

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["ontology_of_rdf"]

_FORMS = {".ttl": "turtle", ".owl": "xml", ".rdf": "xml", ".nt": "nt", ".jsonld": "json-ld"}
_NUMBERS = ("decimal", "integer", "float", "double", "int", "long", "short", "byte", "gYear", "duration")


def ontology_of_rdf(text: str, path: Path) -> Ontology:
    """The ontology that an RDF text says, by `path`'s suffix.

    Labels name types and relations (English ones first, all others are aliases), else the end of the IRI. Domain,
    range, inverse, functional and symmetric come from OWL and RDFS; of SHACL a node shape's class is the domain of its
    properties, ``sh:class`` and ``sh:datatype`` their range, ``sh:maxCount 1`` functional. Classes written as an
    expression count by the classes in it. Nothing is fetched: imports are not followed.

    Raises:
        OntologyError: rdflib is missing, this is no RDF, or there is neither a class nor a property in it.
    """
    try:
        from rdflib import Graph
    except ImportError as exc:
        raise OntologyError(
            f"{path}: reading RDF needs rdflib: pip install 'kg-builder[ontology]', or write the file as TOML"
        ) from exc
    form = _FORMS[path.suffix.lower()]
    _refuse_entities(text, form, path)
    graph = Graph()
    try:
        graph.parse(data=text, format=form)
    except Exception as exc:
        line = getattr(exc, "lines", None)
        place = f"{path}:{line + 1}" if isinstance(line, int) else str(path)
        raise OntologyError(f"{place}: expected {form}, but {' '.join(str(exc).split())[:300]}") from exc
    made = _Reader(graph).read()
    if not made.types and not made.relations:
        raise OntologyError(f"{path}: expected classes or properties (OWL, RDFS) or shapes (SHACL), found none")
    return made


def _refuse_entities(text: str, form: str, path: Path) -> None:
    """What a hostile file could make a parser fetch, or grow without end."""
    if form == "json-ld" and re.search(r'"@(?:context|import)"\s*:\s*(?:\[\s*)?"', text):
        raise OntologyError(
            f"{path}: expected an @context that is written out, found one that is elsewhere; copy it in"
        )
    if form == "xml":
        for entity in re.findall(r"<!ENTITY\s([^>]*)>", text):
            if "SYSTEM" in entity or "PUBLIC" in entity or "&" in entity:
                raise OntologyError(
                    f"{path}: expected XML entities that stand for plain text, found {entity[:60]!r}; write it out"
                )


class _Reader:
    def __init__(self, graph: Graph) -> None:
        from rdflib import OWL, RDF, RDFS, SH, SKOS

        self.graph = graph
        self.owl, self.rdf, self.rdfs, self.shacl, self.skos = OWL, RDF, RDFS, SH, SKOS
        self.names: dict[Any, str] = {}

    def read(self) -> Ontology:
        from rdflib import URIRef

        g, owl, rdf, rdfs, sh = self.graph, self.owl, self.rdf, self.rdfs, self.shacl
        classes = {
            *g.subjects(rdf.type, owl.Class),
            *g.subjects(rdf.type, rdfs.Class),
            *g.objects(None, sh.targetClass),
        }
        classes |= {*g.objects(None, sh["class"])}
        properties = {*g.subjects(rdf.type, rdf.Property)}
        for kind in ("ObjectProperty", "DatatypeProperty", "FunctionalProperty", "SymmetricProperty"):
            properties |= set(g.subjects(rdf.type, owl[kind]))
        properties |= {p for p in g.objects(None, sh.path) if isinstance(p, URIRef)}
        types: dict[str, EntityType] = {}
        for node in sorted(n for n in classes if isinstance(n, URIRef) and n not in (owl.Thing, rdfs.Resource)):
            name, aliases = self._named(node, types)
            above = sorted(g.objects(node, rdfs.subClassOf), key=str)
            parent = next((p for p in above if p in classes and p != node), None)
            types[name] = EntityType(name, str(parent or ""), self._comment(node), aliases, (), str(node))
        types = {n: replace(t, parent=self._name_of(t.parent)) for n, t in types.items()}
        relations: dict[str, RelationType] = {}
        nodes = sorted(n for n in properties if isinstance(n, URIRef) and n != rdf.type)
        for node in nodes:
            name, aliases = self._named(node, relations)
            relations[name] = self._relation(node, name, aliases)
        titles = [str(t) for o in g.subjects(rdf.type, owl.Ontology) for t in g.objects(o, rdfs.label)]
        return Ontology(min(titles, default=""), "", types, self._with_inverses(nodes, relations))

    def _relation(self, node: Any, name: str, aliases: tuple[str, ...]) -> RelationType:
        g, owl, sh = self.graph, self.owl, self.shacl
        kinds = set(g.objects(node, self.rdf.type))
        domain = list(self._classes(g.objects(node, self.rdfs.domain)))
        range_ = list(self._classes(g.objects(node, self.rdfs.range)))
        functional = owl.FunctionalProperty in kinds
        for shape in sorted(g.subjects(sh.path, node), key=str):
            for owner in sorted(g.subjects(sh.property, shape), key=str):
                implied = [owner] if (owner, self.rdf.type, self.rdfs.Class) in g else []
                domain += self._classes([*g.objects(owner, sh.targetClass), *implied])
            range_ += self._classes([*g.objects(shape, sh["class"]), *g.objects(shape, sh.datatype)])
            functional |= any(str(most) == "1" for most in g.objects(shape, sh.maxCount))
        symmetric = owl.SymmetricProperty in kinds
        if symmetric:  # either end may be what the other is
            domain = range_ = list(dict.fromkeys(domain + range_))
        return RelationType(
            name,
            tuple(dict.fromkeys(domain)),
            tuple(dict.fromkeys(range_)),
            self._comment(node),
            aliases,
            symmetric=symmetric,
            functional=functional,
            inverse_functional=owl.InverseFunctionalProperty in kinds,
            id=str(node),
        )

    def _with_inverses(self, nodes: Iterable[Any], relations: dict[str, RelationType]) -> dict[str, RelationType]:
        for node in nodes:
            for other in self.graph.objects(node, self.owl.inverseOf):
                here, there = self._name_of(str(node)), self._name_of(str(other))
                if here in relations and there in relations and here != there:
                    for one, two in ((here, there), (there, here)):
                        if not relations[one].inverse and not relations[one].symmetric:
                            relations[one] = replace(relations[one], inverse=two)
        return relations

    def _classes(self, nodes: Iterable[Any]) -> Iterator[str]:
        """The types, or kinds of values, that class expressions speak of."""
        from rdflib import BNode
        from rdflib.collection import Collection

        for node in sorted(nodes):
            if isinstance(node, BNode):
                for list_ in self.graph.objects(node, self.owl.unionOf):
                    yield from self._classes(Collection(self.graph, list_))
            elif str(node) in self.names:
                yield self.names[str(node)]
            elif "XMLSchema#" in str(node) or str(node) == str(self.rdfs.Literal):
                end = str(node).rpartition("#")[2]
                yield "date" if end.lower().startswith("date") else "number" if end in _NUMBERS else "string"

    def _named(self, node: Any, taken: Any) -> tuple[str, tuple[str, ...]]:
        labels = [*self.graph.objects(node, self.rdfs.label), *self.graph.objects(node, self.skos.prefLabel)]
        labels.sort(key=lambda x: (getattr(x, "language", None) not in (None, "en"), str(x)))
        texts = [" ".join(str(label).replace("|", " ").split()) for label in labels]
        texts += [unquote(str(node).rstrip("/#").replace("#", "/").rpartition("/")[2]) or str(node)]
        name = next((t for t in texts if t and t not in taken and len(t) <= 200), str(node)[-200:])
        others = [
            t for t in (*texts[:-1], *(str(a) for a in self.graph.objects(node, self.skos.altLabel))) if t != name
        ]
        self.names[str(node)] = name
        return name, tuple(dict.fromkeys(o for o in others if o.strip()))

    def _name_of(self, iri: str) -> str:
        return self.names.get(iri, "")

    def _comment(self, node: Any) -> str:
        comments = [*self.graph.objects(node, self.rdfs.comment), *self.graph.objects(node, self.skos.definition)]
        comments.sort(key=lambda x: (getattr(x, "language", None) not in (None, "en"), str(x)))
        return " ".join(str(comments[0]).split()) if comments else ""
