// Colours and fonts, from the theme that Streamlit sends.

const FALLBACK = {
  base: "light",
  primaryColor: "#2563eb",
  backgroundColor: "#ffffff",
  secondaryBackgroundColor: "#f4f6fa",
  textColor: "#1f2937",
};

export const FONT = '"Page Sans", system-ui, "Noto Sans", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif';

/** The theme's colours as the painter takes them; also puts them on the page as CSS variables. */
export function applyTheme(theme) {
  const colors = { ...FALLBACK, ...Object.fromEntries(Object.entries(theme ?? {}).filter(([, value]) => value)) };
  const root = document.documentElement;
  const dark = colors.base === "dark";
  root.style.colorScheme = dark ? "dark" : "light";
  root.style.setProperty("--primary", colors.primaryColor);
  root.style.setProperty("--background", colors.backgroundColor);
  root.style.setProperty("--surface", colors.secondaryBackgroundColor);
  root.style.setProperty("--text", colors.textColor);
  return {
    dark,
    background: colors.backgroundColor,
    text: colors.textColor,
    primary: colors.primaryColor,
    line: dark ? "#64748b" : "#a3afc0",
    words: dark ? "#cbd5e1" : "#475569",
    rim: dark ? "#0b1220" : "#ffffff",
  };
}

/** Loads the page's own font into this frame; the system's is used until it is there, or where it is not. */
export function loadFont(url, loaded) {
  if (!url || [...document.fonts].some((face) => face.family === "Page Sans")) return;
  const face = new FontFace("Page Sans", `url(${JSON.stringify(url)})`, { weight: "200 900" });
  document.fonts.add(face);
  face.load().then(loaded, () => document.fonts.delete(face));
}
