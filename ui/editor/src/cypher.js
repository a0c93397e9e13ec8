// Cypher for the eye: words by what they are. The server's parser decides what is right.

import { HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";

/** Words that begin or join clauses, as they are offered for completion. */
export const KEYWORDS = (
  "MATCH WHERE RETURN WITH UNWIND ORDER BY LIMIT SKIP OPTIONAL CALL YIELD UNION AS AND OR NOT XOR IN IS NULL CASE WHEN THEN ELSE " +
  "END DISTINCT DESC ASC CONTAINS STARTS ENDS EXISTS COUNT COLLECT EXPLAIN PROFILE TRUE FALSE USING INDEX SCAN JOIN ON CREATE MERGE " +
  "SET DELETE DETACH REMOVE FOREACH"
).split(" ");

/** Functions that both servers know. */
export const FUNCTIONS = (
  "abs avg ceil coalesce collect count date datetime duration elementId endNode exists floor head id keys labels last left length " +
  "ltrim max min nodes percentileCont percentileDisc properties range reduce relationships replace reverse right round rtrim " +
  "shortestPath sign size split startNode stDev substring sum tail toFloat toInteger toLower toString toUpper trim type"
).split(" ");

const WORDS = new Set([...KEYWORDS, "ASCENDING", "DESCENDING", "ALL", "ANY", "NONE", "SINGLE", "SUBQUERY", "FILTER", "LET"]);
const NAME = /^[\p{L}_][\p{L}\p{N}_]*/u;
const OPENING = { ")": "(", "]": "[", "}": "{" };

function comment(stream, state) {
  while (!stream.eol()) {
    if (stream.match("*/")) {
      state.comment = false;
      return "comment";
    }
    stream.next();
  }
  return "comment";
}

function string(stream, state) {
  while (!stream.eol()) {
    const character = stream.next();
    if (character === "\\") stream.next();
    else if (character === state.quote) {
      state.quote = "";
      break;
    }
  }
  return "string";
}

// What a name is, by what stands before it: a label or type after a colon, a property after a dot or as a key of a map.
function name(stream, state, word) {
  const inside = state.open.at(-1) ?? "";
  if (state.before === ".") return "propertyName";
  if ([":", "|", "&", "!"].includes(state.before) && inside !== "{") return "typeName";
  if (inside === "{" && stream.match(/^\s*:(?!:)/, false)) return "propertyName";
  if (WORDS.has(word.toUpperCase()) && !stream.match(/^\s*\(/, false)) return "keyword";
  if (["EXISTS", "COUNT", "COLLECT", "ALL", "ANY", "NONE", "SINGLE"].includes(word.toUpperCase())) return "keyword";
  if (WORDS.has(word.toUpperCase())) return "keyword";
  if (stream.match(/^\s*\(/, false)) return "function";
  return "variableName";
}

function token(stream, state) {
  if (state.comment) return comment(stream, state);
  if (state.quote) return string(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  if (stream.match("/*")) {
    state.comment = true;
    return comment(stream, state);
  }
  const style = visible(stream, state);
  state.before = stream.current().at(-1);
  return style;
}

function visible(stream, state) {
  if (stream.match(/^`(?:[^`]|``)*`?/)) return name(stream, state, "");
  if (stream.match(/^\$(?:[\p{L}_][\p{L}\p{N}_]*|`[^`]*`)/u)) return "atom";
  if (stream.match(/^\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?/i)) return "number";
  const word = stream.match(NAME);
  if (word) return name(stream, state, word[0]);
  const character = stream.next();
  if (character === "'" || character === '"') {
    state.quote = character;
    return string(stream, state);
  }
  if ("([{".includes(character)) {
    state.open.push(character);
    return "bracket";
  }
  if (")]}".includes(character)) {
    if (state.open.at(-1) === OPENING[character]) state.open.pop();
    return "bracket";
  }
  return "operator";
}

const language = StreamLanguage.define({
  name: "cypher",
  startState: () => ({ comment: false, quote: "", open: [], before: "" }),
  copyState: (state) => ({ ...state, open: [...state.open] }),
  token,
  tokenTable: { function: tags.function(tags.variableName) },
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } }, closeBrackets: { brackets: ["(", "[", "{", "'", '"', "`"] } },
});

const style = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--keyword)", fontWeight: "600" },
  { tag: tags.string, color: "var(--string)" },
  { tag: tags.number, color: "var(--number)" },
  { tag: tags.typeName, color: "var(--label)" },
  { tag: tags.propertyName, color: "var(--property)" },
  { tag: tags.atom, color: "var(--parameter)" },
  { tag: tags.comment, color: "var(--comment)", fontStyle: "italic" },
  { tag: tags.function(tags.variableName), color: "var(--function)" },
  { tag: [tags.operator, tags.bracket], color: "var(--quiet)" },
]);

/** The language with its colours, which the theme sets as CSS variables. */
export function cypher() {
  return new LanguageSupport(language, syntaxHighlighting(style));
}
