// What may come next, from the store's own words: labels, relationship types, properties and parameters.

import { FUNCTIONS, KEYWORDS } from "./cypher.js";

const PLAIN = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const WORD = /^[\p{L}\p{N}_]*$/u;
const SHOWN = 60; // before anything is typed

/** A name as Cypher takes it. */
function quoted(name) {
  return PLAIN.test(name) ? name : "`" + name.replaceAll("`", "``") + "`";
}

function options(entries, type) {
  return entries.map(([name, count], index) => ({
    label: name,
    detail: count ? String(count) : "",
    type,
    apply: quoted(name),
    boost: Math.max(-50, 50 - index / 4), // the frequent first, where they fit equally well
  }));
}

/** The store's words as lists of options, made once for each schema. */
export function vocabulary(schema) {
  return {
    labels: options(schema.labels ?? [], "class"),
    types: options(schema.types ?? [], "interface"),
    properties: (schema.properties ?? []).map(([name, owners]) => ({ name, owners })),
    parameters: (schema.parameters ?? []).map((name) => ({ label: `$${name}`, type: "constant" })),
    words: [
      ...KEYWORDS.map((label) => ({ label, type: "keyword" })),
      ...FUNCTIONS.map((label) => ({ label, type: "function", apply: `${label}(` })),
    ],
  };
}

// The innermost bracket that is still open before a place; strings and comments are rare enough in between to be ignored.
function enclosing(text) {
  const closed = { "(": 0, "[": 0, "{": 0 };
  const opening = { ")": "(", "]": "[", "}": "{" };
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const character = text[at];
    if (character in opening) closed[opening[character]] += 1;
    else if (character in closed) {
      if (closed[character] === 0) return character;
      closed[character] -= 1;
    }
  }
  return "";
}

// The label that a variable was bound with, as in (p:Person); empty where the text does not say.
function labelOf(text, variable) {
  const escaped = variable.replace(/[$\\]/g, "\\$&");
  const bound = new RegExp(`[(\\[]\\s*${escaped}\\s*:\\s*(?:\`([^\`]+)\`|([\\p{L}\\p{N}_]+))`, "u").exec(text);
  return bound ? (bound[1] ?? bound[2]) : "";
}

function properties(vocabulary, text, variable) {
  const label = labelOf(text, variable);
  return vocabulary.properties.map(({ name, owners }) => ({
    label: name,
    detail: owners.slice(0, 2).join(", "),
    type: "property",
    apply: quoted(name),
    boost: owners.includes(label) || (label && !SYSTEM.has(label) && owners.includes("Entity")) ? 40 : 0,
  }));
}

const SYSTEM = new Set(["Document", "Segment", "Extraction", "Name", "Entity", "Store", "Decision"]);

function limited(list, typed) {
  return typed ? list : list.slice(0, SHOWN);
}

// Names after a colon may stand in backquotes: what is typed of one is then completed to its end.
function afterColon(context, before) {
  const found = /[:|&!]\s*(`?)([^`:|&!()[\]{},.\s]*)$/u.exec(before);
  if (!found) return null;
  const bracket = enclosing(before);
  return bracket === "{" ? null : { backquote: found[1] !== "", typed: found[2], bracket };
}

/** A completion source on a vocabulary that may change: `current` gives the present one. */
export function completer(current) {
  return (context) => {
    const vocabulary = current();
    const before = context.state.sliceDoc(Math.max(0, context.pos - 2000), context.pos);
    const parameter = /\$[\p{L}\p{N}_]*$/u.exec(before);
    if (parameter) {
      return { from: context.pos - parameter[0].length, options: vocabulary.parameters, validFor: /^\$[\p{L}\p{N}_]*$/u };
    }
    const name = afterColon(context, before);
    if (name) {
      const list = limited(name.bracket === "[" ? vocabulary.types : vocabulary.labels, name.typed);
      const offered = name.backquote ? list.map((each) => ({ ...each, apply: each.label.replaceAll("`", "``") + "`" })) : list;
      return { from: context.pos - name.typed.length, options: offered, validFor: name.typed ? WORD : undefined };
    }
    const property = /([\p{L}_][\p{L}\p{N}_]*)\.([\p{L}\p{N}_]*)$/u.exec(before);
    if (property) {
      const whole = context.state.doc.toString();
      return { from: context.pos - property[2].length, options: properties(vocabulary, whole, property[1]), validFor: WORD };
    }
    const word = /[\p{L}_][\p{L}\p{N}_]*$/u.exec(before);
    if (!word && !context.explicit) return null;
    return { from: context.pos - (word?.[0].length ?? 0), options: vocabulary.words, validFor: WORD };
  };
}
