// Links within the interface that stay in this session, a place to scroll to, and buttons that copy a text.
// A link that is opened in a new tab works without any of this: its address is a real one.

// On its way to another page with parameters, Streamlit leaves an entry in the history behind that has this page's path and the
// other's parameters, and the back button would stop there: the other page takes that entry's place.
function tidyHistory() {
  if (history.kgTidied) return;
  history.kgTidied = true;
  const push = history.pushState.bind(history);
  let latest = { href: "", at: 0 };
  history.pushState = (state, title, url) => {
    const wanted = new URL(url ?? "", location.href);
    const sameParameters = wanted.search !== "" && wanted.search === location.search && wanted.pathname !== location.pathname;
    const stray = sameParameters && latest.href === location.href && performance.now() - latest.at < 3000;
    if (stray) history.replaceState(state, title, url);
    else push(state, title, url);
    latest = { href: wanted.href, at: performance.now() };
  };
}

let listening = null;
let scrolled = "";

function say(button, words) {
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => (button.textContent = before), 1600);
}

async function copy(button) {
  const text = button.getAttribute("data-kg-copy");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // where a page has no clipboard, as without https on another host
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  say(button, button.getAttribute("data-kg-copied"));
}

// What is drawn above a place may push it away again while the page settles; whoever scrolls by hand is left alone.
function keepInView(found) {
  const gone = new AbortController();
  for (const each of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    document.addEventListener(each, () => gone.abort(), { signal: gone.signal, passive: true });
  }
  for (const after of [500, 1000, 1800]) {
    setTimeout(() => {
      const box = found.getBoundingClientRect();
      const seen = box.top >= 0 && box.bottom <= innerHeight;
      if (!seen && !gone.signal.aborted && found.isConnected) found.scrollIntoView({ block: "center", behavior: "instant" });
      if (after === 1800) gone.abort();
    }, after);
  }
}

function scrollTo(place, tries) {
  const found = [...document.querySelectorAll("[data-kg-at]")].find((each) => each.getAttribute("data-kg-at") === place);
  if (found) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    found.scrollIntoView({ block: "center", behavior: calm ? "instant" : "smooth" });
    keepInView(found);
  } else if (tries > 0) setTimeout(() => scrollTo(place, tries - 1), 80);
}

export default function ({ data, setTriggerValue }) {
  tidyHistory();
  if (listening) document.removeEventListener("click", listening);
  listening = (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const button = event.target.closest?.("button[data-kg-copy]");
    if (button) copy(button);
    const link = event.target.closest?.("a[data-kg-go]");
    if (!link) return;
    event.preventDefault();
    const change = link.getAttribute("data-kg-go"); // some values of the address; "1" is all of it
    setTriggerValue("go", change === "1" ? link.getAttribute("href") : change);
  };
  document.addEventListener("click", listening);
  if (data?.at && `${data.at} ${data.stamp}` !== scrolled) {
    scrolled = `${data.at} ${data.stamp}`;
    scrollTo(data.at, 40);
  }
  const mine = listening;
  return () => document.removeEventListener("click", mine);
}
