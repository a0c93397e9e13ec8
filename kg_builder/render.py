"""Text for people and programs out of the library's records: what the command line prints."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kg_builder.types import Extraction

if TYPE_CHECKING:
    from kg_builder.analysis import GraphStatistics
    from kg_builder.config import Origin
    from kg_builder.doctor import Finding
    from kg_builder.estimate import Estimated, IngestEstimate
    from kg_builder.evaluate import Evaluation
    from kg_builder.evaluate.pairs import PairScores
    from kg_builder.extracting import Extracted
    from kg_builder.reports import IngestReport
    from kg_builder.store.records import Counts, QueryResult, StoredDocument

__all__ = [
    "render_estimate",
    "render_extraction",
    "render_findings",
    "render_pair_scores",
    "render_report",
    "render_rows",
    "render_scores",
    "render_settings",
    "render_statistics",
    "render_status",
    "render_table",
]

WIDEST_CELL = 60


def render_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of aligned columns; East Asian wide characters count as two, long cells are cut with an ellipsis."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([_width(column), *(_width(row[i]) for row in cells)]) for i, column in enumerate(columns)]
    lines = [columns, ["-" * width for width in widths], *cells]
    return "".join("  ".join(_pad(c, w) for c, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


def render_report(report: IngestReport, counts: Counts) -> str:
    """The summary of a run: what came of each file, what was found, what the store holds now."""
    languages = ", ".join(f"{n:,} {language}" for language, n in report.segments_by_language.items())
    lines = [
        f"documents  {report.found:,} found = {report.loaded:,} loaded + {report.unchanged:,} unchanged"
        f" + {report.failed:,} failed + {report.skipped:,} skipped"
        + (f" + {report.not_begun:,} not begun; run the same command again to go on" if report.not_begun else ""),
        f"read       {report.segments:,} segments{f' ({languages})' if languages else ''}"
        f"{f' of which {report.reused:,} were known' if report.reused else ''},"
        f" {_extracted(report)} ({report.facts:,} facts)",
        f"graph      {counts.documents:,} documents, {counts.entities:,} entities, {counts.edges:,} triples,"
        f" {counts.extractions:,} extractions"
        + (f"; {report.merged:,} entities put together" if report.merged else ""),
        f"time       {report.seconds:.1f} s",
    ]
    if report.input_tokens or report.output_tokens:
        lines.append(
            f"tokens     {report.input_tokens:,} read, {report.output_tokens:,} written"
            + (f", cost {report.cost:,.4f}" if report.cost else "")
        )
    if report.pruned:
        lines.append(f"pruned     {report.pruned:,} documents that are gone from the folder")
    if report.unkept:
        lines.append(
            f"cache      {report.unkept:,} segments could not be kept (is its disk full?): a crash, or a change of"
            " their files, would have them extracted again"
        )
    lines += [f"renamed    {_line(old)} -> {_line(new)}" for old, new in report.renamed]
    lines += [f"missing    {_line(uri)} (gone from the folder; --prune withdraws it)" for uri in report.missing]
    lines += [f"{p.state:9}  {_line(p.uri)}: {_line(p.message)}" for p in report.problems]
    return "\n".join(lines)


def render_estimate(estimate: IngestEstimate) -> str:
    """What reading files in would take, with ranges, and on what that rests."""
    from kg_builder.progress import duration

    e = estimate

    def ranged(figure: Estimated, form: Callable[[float], str] = "{:,.0f}".format) -> str:
        expected, low, high = form(figure.expected), form(figure.low), form(figure.high)
        return expected if low == high else f"about {expected} ({low} to {high})"

    lines = [
        f"documents  {e.found:,} found = {e.new:,} new + {e.changed:,} changed + {e.unchanged:,} unchanged"
        f" + {e.failed:,} failed + {e.skipped:,} skipped",
        f"to do      {e.new + e.changed:,} files, {e.bytes:,} bytes",
        *(f"           {name:5} {f['files']:,} files, {f['bytes']:,} bytes" for name, f in e.formats.items()),
        f"segments   {ranged(e.segments)}",
        f"extracts   {ranged(e.extractions)}",
        f"time       {ranged(e.seconds, duration)} with {e.workers} workers",
    ]
    if e.input_tokens is None or e.output_tokens is None:
        lines.append("cost       nothing is paid: the extractor uses no model that is")
    else:
        lines.append(f"tokens     {ranged(e.input_tokens)} read, {ranged(e.output_tokens)} written")
        if e.cost is not None and e.cost.high:
            lines.append(f"cost       {ranged(e.cost, '{:,.4g}'.format)}")
        else:
            lines.append("cost       unknown: set price_input_per_mtok and price_output_per_mtok")
        lines.append(f"           the sample itself used {e.sample_usage.tokens:,} tokens")
    lines.append(
        f"sample     {e.sampled_files:,} files, {e.sampled_bytes:,} bytes; {e.sampled_segments:,} segments extracted;"
        f" {e.sample_seconds:.1f} s"
        + (f"; {e.sampled_failures:,} files could not be read" if e.sampled_failures else "")
        + (f"; {e.sampled_segment_failures:,} segments failed" if e.sampled_segment_failures else "")
        + (f", the first: {_line(e.sampled_fault)}" if e.sampled_fault else "")
    )
    return "\n".join(lines)


def _extracted(report: IngestReport) -> str:
    """What became of every extraction, as a sum."""
    reasons = {"in the graph": report.extractions, "quarantined": report.quarantined, **report.rejected}
    parts = " + ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    held = "".join(f", {n:,} {reason}" for reason, n in report.left_out.items()).removeprefix(", ")
    return f"{report.extracted:,} extractions = {parts}" + (f"; held back: {held}" if held else "")


def render_status(uri: str, server: str, counts: Counts, problems: Sequence[StoredDocument], *, as_json: bool) -> str:
    """What a store holds, and each document that is not in the graph, one line each."""
    if as_json:
        fields = {name: getattr(counts, name) for name in ("documents", "segments", "entities", "edges", "extractions")}
        listed = [
            {
                "uri": d.uri,
                "state": d.state,
                "reason": d.reason,
                "message": _first_line(d.detail),
                "detail": d.detail,
            }
            for d in problems
        ]
        states = dict(counts.documents_by_state)
        return json.dumps(
            {"store": uri, "server": server, **fields, "states": states, "problems": listed}, ensure_ascii=False
        )
    by_state = ", ".join(f"{n:,} {state}" for state, n in sorted(counts.documents_by_state.items()))
    lines = [
        f"store      {uri} ({server})",
        f"documents  {counts.documents:,}{f' ({by_state})' if by_state else ''}",
        f"graph      {counts.entities:,} entities, {counts.edges:,} triples, {counts.extractions:,} extractions,"
        f" {counts.segments:,} segments",
    ]
    lines += [f"{d.state:9}  [{d.reason}] {_line(d.uri)}: {_line(_first_line(d.detail))}" for d in problems]
    return "\n".join(lines)


def render_rows(result: QueryResult, *, form: str) -> str:
    """The rows of a query as ``table``, ``json`` (a list of objects) or ``csv``."""
    if form == "json":
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(result.columns)
        writer.writerows([v if isinstance(v, str) else _cell(v, cut=False) for v in row] for row in result.rows)
        return out.getvalue()
    plural = "" if len(result.rows) == 1 else "s"
    return f"{render_table(result.columns, result.rows)}({len(result.rows):,} row{plural})\n"


def render_extraction(item: Extracted, extraction: Extraction, *, form: str, arguments: str) -> str:
    """One extraction as a JSON object or as ``head|relation|tail``, with its entities or its full arguments."""
    head, tail = _arguments(extraction, arguments)
    names = [
        mention.name if mention.name and span.start == mention.start and span.end == mention.end else span.surface
        for span, mention in ((head, extraction.head), (tail, extraction.tail))
    ]
    words = extraction.relation
    relation = words.lemma if words.given else words.surface
    if form == "pipe":
        from kg_builder.prompt import format_triples
        from kg_builder.types import Triple

        return format_triples([Triple(names[0], relation, names[1])]).rstrip("\n")
    line = {} if item.line is None else {"line": item.line}
    return json.dumps(
        {
            "document": item.document,
            **line,
            "head": names[0],
            "relation": relation,
            "tail": names[1],
            "head_type": extraction.head.type,
            "tail_type": extraction.tail.type,
            "head_start": head.start,
            "head_end": head.end,
            "relation_start": extraction.relation.start,
            "relation_end": extraction.relation.end,
            "tail_start": tail.start,
            "tail_end": tail.end,
            "confidence": round(extraction.confidence, 4),
            "polarity": extraction.polarity,
            "modality": extraction.modality,
            "qualifiers": [
                {"role": q.role, "text": q.text, "start": q.start, "end": q.end} for q in extraction.qualifiers
            ],
            "extractor": extraction.extractor,
        },
        ensure_ascii=False,
    )


def render_statistics(statistics: GraphStatistics) -> str:
    """The statistics of a graph as tables: one for each list or mapping, the single figures first."""
    figures: list[tuple[str, Any]] = []
    tables: list[str] = []
    for name, value in statistics.to_dict().items():
        title = name.replace("_", " ")
        if isinstance(value, Mapping):
            tables.append(f"\n{title}\n{render_table(('', ''), value.items())}")
        elif isinstance(value, list):
            rows = [tuple(v.values()) if isinstance(v, Mapping) else tuple(v) if isinstance(v, (list, tuple)) else (v,)
                    for v in value]  # fmt: skip
            if rows:
                first = value[0]
                columns = tuple(first) if isinstance(first, Mapping) else ("",) * len(rows[0])
                tables.append(f"\n{title}\n{render_table(columns, rows)}")
        else:
            figures.append((title, value))
    return render_table(("graph", ""), figures) + "".join(tables)


def render_findings(findings: Sequence[Finding], *, as_json: bool) -> str:
    """What a check found: a line for each thing examined, with what to do where it is not in order."""
    if as_json:
        return json.dumps(
            [{"what": f.what, "healthy": f.healthy, "found": f.found, "remedy": f.remedy} for f in findings],
            ensure_ascii=False,
        )
    return "\n".join(
        f"{'ok   ' if f.healthy else 'FAULT'}  {f.what}: {f.found}{f' -> {f.remedy}' if f.remedy else ''}"
        for f in findings
    )


def render_settings(origins: Sequence[Origin], secrets: Mapping[str, bool], *, as_json: bool) -> str:
    """Every setting with its value and where that comes from; of secrets only whether they are set."""
    if as_json:
        told = [
            {"name": o.name, "value": o.value, "default": o.default, "source": o.source, "place": o.place}
            for o in origins
        ]
        return json.dumps({"settings": told, "secrets": dict(secrets)}, ensure_ascii=False)
    rows = [(o.name, "" if o.value == "" else o.value, o.place or o.source) for o in origins]
    rows += [(name, "set" if is_set else "not set", "environment") for name, is_set in secrets.items()]
    return render_table(("setting", "value", "from"), rows).rstrip()


def render_scores(evaluation: Evaluation, *, as_json: bool) -> str:
    """Precision, recall and F1 of each way to match."""
    scores = evaluation.to_dict()
    return json.dumps(scores, ensure_ascii=False) if as_json else render_mapping(scores)


def render_pair_scores(scores: PairScores, *, as_json: bool) -> str:
    """Precision, recall and F1 on pairs of records, and what they were counted from."""
    values = scores.to_dict()
    return json.dumps(values) if as_json else render_table(("figure", "value"), list(values.items())).rstrip()


def render_mapping(values: Mapping[str, Any]) -> str:
    """Nested figures as one table: a row for each inner mapping, a column for each of its keys."""
    rows = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    columns = list(dict.fromkeys(key for value in rows.values() for key in value))
    return render_table(("", *columns), [(name, *(value.get(c, "") for c in columns)) for name, value in rows.items()])


def _arguments(extraction: Extraction, arguments: str) -> tuple[Any, Any]:
    if arguments == "full":
        return extraction.head_argument or extraction.head, extraction.tail_argument or extraction.tail
    return extraction.head, extraction.tail


def _cell(value: Any, *, cut: bool = True) -> str:
    if value is None:
        text = ""
    elif isinstance(value, str):
        text = _line(value)
    elif isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    if not cut or _width(text) <= WIDEST_CELL:
        return text
    kept = text[:WIDEST_CELL]
    while _width(kept) >= WIDEST_CELL:
        kept = kept[:-1]
    return kept + "…"


def _line(text: str) -> str:
    """`text` on one line, with what would move the cursor or colour the terminal made visible."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in text)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _width(text: str) -> int:
    return sum(_character_width(c) for c in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
