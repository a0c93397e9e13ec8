// Keys of a search box: the arrows move between the box and what was found, Enter takes the row with the focus, or from the box the
// first one, Escape closes the list. While the list still answers fewer letters than were typed, a key waits for the right answer.

const PATIENCE_MS = 10000;
const LOOK_MS = 40;
const listening = new Map();

function keysOf(name) {
  let waiting = 0;
  let swallowed = false;
  const box = () => document.querySelector(`.st-key-${name} input`);
  const list = () => document.querySelector(`.st-key-found_${name}`);
  const answer = () => list()?.querySelector("[data-kg-typed]");
  const rows = () => [...(list()?.querySelectorAll("a") ?? [])].slice(0, Number(answer()?.getAttribute("data-kg-rows") ?? 0));
  const isShown = () => rows().length > 0 && !list().hasAttribute("data-kg-closed");

  function onceAnswered(action) {
    const mine = ++waiting;
    const until = performance.now() + PATIENCE_MS;
    const look = () => {
      if (mine !== waiting || document.activeElement !== box() || performance.now() > until) return;
      if (answer()?.getAttribute("data-kg-typed") !== box().value.trim()) setTimeout(look, LOOK_MS);
      else if (rows().length) action(rows());
    };
    look();
  }

  function onKey(event) {
    const inBox = event.target === box();
    const at = inBox ? -1 : rows().indexOf(event.target.closest?.("a"));
    if ((!inBox && at < 0) || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown") {
      event.preventDefault();
      list()?.removeAttribute("data-kg-closed");
      if (inBox) onceAnswered((found) => found[0].focus());
      else rows()[at + 1]?.focus();
    } else if (event.key === "ArrowUp" && !inBox) {
      event.preventDefault();
      (rows()[at - 1] ?? box()).focus();
    } else if (event.key === "Enter" && inBox && box().value.trim()) {
      onceAnswered((found) => found[0].click());
    } else if (event.key === "Escape" && isShown()) {
      event.preventDefault();
      event.stopPropagation(); // a menu around it stays open
      swallowed = true;
      waiting++;
      list().setAttribute("data-kg-closed", "");
      box().focus();
    } else if (!inBox && (event.key.length === 1 ? event.key !== " " : event.key === "Backspace")) {
      box().focus(); // which then gets the letter
    }
  }

  function onInput(event) {
    if (event.target !== box()) return;
    waiting++;
    list()?.removeAttribute("data-kg-closed");
  }

  function onKeyUp(event) {
    if (event.key !== "Escape" || !swallowed) return;
    swallowed = false;
    event.stopPropagation();
  }

  const stop = new AbortController();
  const early = { capture: true, signal: stop.signal };
  window.addEventListener("keydown", onKey, early);
  window.addEventListener("keyup", onKeyUp, early);
  window.addEventListener("input", onInput, early);
  return stop;
}

export default function ({ data }) {
  listening.get(data.box)?.abort();
  const mine = keysOf(data.box);
  listening.set(data.box, mine);
  return () => mine.abort();
}
