// What stands around the canvas: tooltip, legend, and the same nodes and edges as a list for the keyboard. Every text from
// the data is set as text, never as markup.

const LISTED = 300; // of each, at first; the box above the list finds the others

const byId = (id) => document.getElementById(id);

/** An element with children and properties. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function filled(template, values) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, () => String(value)), template ?? "");
}

// ---------------------------------------------------------------- tooltip
export function showTip({ node, edge }, words, x, y) {
  const tip = byId("tip");
  const title = node ? node.label : `${edge.s.label} — ${edge.label} → ${edge.t.label}`;
  const rows = node ? [...node.tip] : edgeRows(edge, words);
  if (node?.pinned) rows.push(words.pinned ?? "");
  tip.replaceChildren(make("strong", { textContent: title }), ...rows.map((row) => make("span", { textContent: row })));
  tip.hidden = false;
  moveTip(x, y);
}

function edgeRows(edge, words) {
  const rows = [filled(words.support, { n: edge.support }), filled(words.confidence, { p: edge.confidence.toFixed(2) })];
  if (edge.from || edge.to) rows.push(edge.from === edge.to ? edge.from : `${edge.from || "…"} – ${edge.to || "…"}`);
  return rows;
}

export function moveTip(x, y) {
  const tip = byId("tip");
  if (tip.hidden) return;
  const stage = byId("stage").getBoundingClientRect();
  const left = Math.min(x + 14, stage.width - tip.offsetWidth - 6);
  const below = y + 16;
  const top = below + tip.offsetHeight > stage.height ? y - tip.offsetHeight - 10 : below;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

export function hideTip() {
  byId("tip").hidden = true;
}

// ---------------------------------------------------------------- legend
/** One button for each type; `toggle(type)` gives whether it shows afterwards. */
export function showLegend(scene, hidden, words, toggle) {
  const types = new Map();
  for (const node of scene.nodes) {
    const entry = types.get(node.type) ?? { color: node.color, label: node.typeLabel, count: 0 };
    entry.count += 1;
    types.set(node.type, entry);
  }
  const buttons = [...types].sort(([, a], [, b]) => b.count - a.count).map(([type, entry]) => {
    const dot = make("i");
    dot.style.backgroundColor = entry.color;
    const button = make("button", { type: "button", title: words.toggle ?? "" }, dot, entry.label, make("span", { textContent: String(entry.count) }));
    button.dataset.id = type;
    button.setAttribute("aria-pressed", String(!hidden.has(type)));
    button.addEventListener("click", () => button.setAttribute("aria-pressed", String(toggle(type))));
    return button;
  });
  refill(byId("legend"), buttons);
}

// ---------------------------------------------------------------- lists
/** Lists nodes and edges whose words hold what was typed; `choose(kind, id)` is called by a click or Enter. */
export function showLists(scene, chosen, words, choose) {
  byId("index").querySelector("summary").textContent = words.list ?? "";
  const box = byId("find");
  box.placeholder = words.find ?? "";
  box.setAttribute("aria-label", words.find ?? "");
  const fill = () => {
    const wanted = box.value.trim().toLocaleLowerCase();
    const nodes = listed(scene.byWeight, (node) => node.label, wanted, "node", chosen, choose);
    const edges = listed(scene.edges, (edge) => `${edge.s.label} — ${edge.label} → ${edge.t.label}`, wanted, "edge", chosen, choose);
    refill(byId("nodes"), nodes.items);
    refill(byId("edges"), edges.items);
    const left = nodes.left + edges.left;
    byId("left").textContent = left ? filled(words.more, { n: left.toLocaleString(document.documentElement.lang) }) : "";
  };
  box.oninput = fill;
  fill();
}

function listed(elements, textOf, wanted, kind, chosen, choose) {
  const items = [];
  let left = 0;
  for (const element of elements) {
    if (!wanted && items.length >= LISTED) {
      left = elements.length - LISTED;
      break;
    }
    const text = textOf(element);
    if (wanted && !text.toLocaleLowerCase().includes(wanted)) continue;
    if (items.length >= LISTED) left += 1;
    else items.push(listItem(kind, element.id, text, element.id === chosen, choose));
  }
  return { items, left };
}

function listItem(kind, id, text, chosen, choose) {
  const button = make("button", { type: "button", textContent: text });
  button.dataset.testid = `graph-${kind}`;
  button.dataset.id = id;
  if (chosen) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => choose(kind, id));
  return make("li", {}, button);
}

// New children for a list. A page may be drawn anew while somebody stands on one of them with the keyboard: they stay there.
function refill(list, children) {
  const held = list.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  list.replaceChildren(...children);
  if (held !== undefined) list.querySelector(`[data-id="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

// ---------------------------------------------------------------- names of things
const TOOLS = [
  ["zoom-in", "zoomIn"], ["zoom-out", "zoomOut"], ["fit", "fit"], ["arrange", "arrange"], ["unpin", "unpin"], ["png", "png"], ["svg", "svg"],
];

export function nameTools(words, language) {
  document.documentElement.lang = language ?? "en";
  document.title = words.graph ?? "";
  byId("canvas").setAttribute("aria-label", words.canvas ?? "");
  byId("tools").setAttribute("aria-label", words.tools ?? "");
  byId("busy").textContent = words.arranging ?? "";
  for (const [id, word] of TOOLS) {
    byId(id).title = words[word] ?? "";
    byId(id).setAttribute("aria-label", words[word] ?? "");
  }
}
