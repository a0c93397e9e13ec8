// A Cypher editor: highlighting, completion from the store, and a mark where the server found a mistake.
// Every text from the data is set as text, never as markup.

import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { Compartment, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { completer, vocabulary } from "./completion.js";
import { cypher } from "./cypher.js";
import { connect, report, resize } from "./streamlit.js";
import { applyTheme, loadFont } from "./theme.js";

const PAUSE_MS = 350; // a pause in typing after which the page learns of the text

const byId = (id) => document.getElementById(id);
const translated = new Compartment();
let view = null;
let words = {};
let known = vocabulary({});
let knownSchema = "";
let revision = null;
let marked = "";
let pending = 0;
let request = null;

const setMark = StateEffect.define();
const mark = Decoration.mark({ class: "mistake" });
const markField = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks; // whoever types is mending it
    for (const effect of transaction.effects) {
      if (effect.is(setMark)) next = effect.value === null ? Decoration.none : Decoration.set([mark.range(...effect.value)]);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function text() {
  return view.state.doc.toString();
}

// The page takes the last message only, so each carries the last request along: what is typed after it must not hide it.
function tell(kind) {
  clearTimeout(pending);
  pending = 0;
  if (kind !== "edit") request = { kind, text: text(), stamp: `${Date.now()} ${Math.random()}` };
  report(text(), request);
}

function changed(update) {
  if (!update.docChanged || update.transactions.some((each) => each.isUserEvent("page"))) return;
  clearTimeout(pending);
  pending = setTimeout(() => tell("edit"), PAUSE_MS);
}

function run() {
  tell("run");
  return true;
}

// Keyboard users leave by Escape (Tab moves on, too: it is not taken for indenting); first it closes the completion.
function leave(editor) {
  if (completionStatus(editor.state) !== null) return false;
  byId("run").focus();
  return true;
}

function inWords() {
  return [
    EditorView.contentAttributes.of({ "aria-label": words.editor ?? "Cypher", spellcheck: "false", autocapitalize: "off" }),
    placeholder(words.placeholder ?? ""),
    EditorState.phrases.of({ Completions: words.completions ?? "Completions" }),
  ];
}

function start(doc) {
  view = new EditorView({
    parent: byId("editor"),
    state: EditorState.create({
      doc,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Ctrl-Enter", run }])),
        keymap.of([{ key: "Tab", run: acceptCompletion }, ...completionKeymap, { key: "Escape", run: leave }]),
        keymap.of([...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        autocompletion({ override: [completer(() => known)], icons: false, defaultKeymap: false, maxRenderedOptions: 60 }),
        cypher(),
        markField,
        translated.of(inWords()),
        EditorView.lineWrapping,
        EditorView.updateListener.of(changed),
        EditorView.domEventHandlers({ blur: () => { if (pending) tell("edit"); } }),
      ],
    }),
  });
  window.__kgEditor = { text, options: () => [...document.querySelectorAll(".cm-tooltip-autocomplete li")].map((each) => each.textContent) };
}

// The page's own text replaces what is there where the page has a new one: a link, an example, something from the history.
function follow(args) {
  if (args.revision === revision) return;
  revision = args.revision;
  if (args.text === text()) return;
  clearTimeout(pending);
  pending = 0;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: args.text }, userEvent: "page" });
}

function place(line, column) {
  const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
  const from = Math.min(at.from + Math.max(column - 1, 0), at.to);
  const word = /^[\p{L}\p{N}_]+|^./u.exec(view.state.sliceDoc(from, at.to));
  if (word) return [from, from + word[0].length];
  return from > at.from ? [from - 1, from] : null; // at the end of a line: what stands before it
}

function markMistake(mistake) {
  const wanted = mistake ? `${mistake.stamp} ${mistake.line} ${mistake.column}` : "";
  if (wanted === marked) return;
  marked = wanted;
  const range = mistake && mistake.text === text() ? place(mistake.line, mistake.column) : null;
  const effects = [setMark.of(range)];
  if (range) effects.push(EditorView.scrollIntoView(range[0]));
  view.dispatch({ effects });
}

function label(args) {
  const before = JSON.stringify(words);
  words = args.words ?? {};
  document.documentElement.lang = args.language ?? "en";
  document.title = words.editor ?? "Cypher";
  for (const id of ["run", "explain", "profile"]) {
    byId(id).querySelector("span").textContent = words[id] ?? "";
    byId(id).title = words[`${id}Help`] ?? "";
  }
  const apple = /Mac|iP(hone|ad)/.test(navigator.platform);
  byId("hint").textContent = (words.hint ?? "").replace("Ctrl", apple ? "⌘" : "Ctrl");
  if (view && JSON.stringify(words) !== before) view.dispatch({ effects: translated.reconfigure(inWords()) });
}

function learn(args) {
  const schema = JSON.stringify(args.schema ?? {});
  if (schema === knownSchema) return;
  knownSchema = schema;
  known = vocabulary(args.schema ?? {});
}

function render({ args, theme }) {
  applyTheme(theme);
  loadFont(args.font);
  label(args);
  learn(args);
  if (view === null) {
    start(args.text ?? "");
    revision = args.revision;
  }
  follow(args);
  markMistake(args.mistake);
  fitFrame();
  document.documentElement.dataset.ready = String(args.revision);
}

function fitFrame() {
  resize(Math.ceil(byId("frame").getBoundingClientRect().height));
}

byId("run").addEventListener("click", () => tell("run"));
byId("explain").addEventListener("click", () => tell("explain"));
byId("profile").addEventListener("click", () => tell("profile"));
new ResizeObserver(fitFrame).observe(byId("frame"));
connect(render);
