// Colours from the theme that Streamlit sends, as CSS variables.

const FALLBACK = {
  base: "light",
  primaryColor: "#2563eb",
  backgroundColor: "#ffffff",
  secondaryBackgroundColor: "#f4f6fa",
  textColor: "#1f2937",
};

/** Puts the theme on the page; `editor.css` has the colours of the language for both. */
export function applyTheme(theme) {
  const colors = { ...FALLBACK, ...Object.fromEntries(Object.entries(theme ?? {}).filter(([, value]) => value)) };
  const root = document.documentElement;
  root.dataset.base = colors.base === "dark" ? "dark" : "light";
  root.style.colorScheme = root.dataset.base;
  root.style.setProperty("--primary", colors.primaryColor);
  root.style.setProperty("--background", colors.backgroundColor);
  root.style.setProperty("--surface", colors.secondaryBackgroundColor);
  root.style.setProperty("--text", colors.textColor);
}

/** Loads the page's own font into this frame; the system's is used until it is there, or where it is not. */
export function loadFont(url) {
  if (!url || [...document.fonts].some((face) => face.family === "Page Sans")) return;
  const face = new FontFace("Page Sans", `url(${JSON.stringify(url)})`, { weight: "200 900" });
  document.fonts.add(face);
  face.load().catch(() => document.fonts.delete(face));
}
