// Colours and the drawing's style sheet, from the theme that Streamlit sends.

const FALLBACK = {
  base: "light",
  primaryColor: "#2563eb",
  backgroundColor: "#ffffff",
  secondaryBackgroundColor: "#f4f6fa",
  textColor: "#1f2937",
};

/** The theme with every colour set; also puts them on the page as CSS variables. */
export function applyTheme(theme) {
  const colors = { ...FALLBACK, ...Object.fromEntries(Object.entries(theme ?? {}).filter(([, value]) => value)) };
  const root = document.documentElement;
  root.style.colorScheme = colors.base === "dark" ? "dark" : "light";
  root.style.setProperty("--primary", colors.primaryColor);
  root.style.setProperty("--background", colors.backgroundColor);
  root.style.setProperty("--surface", colors.secondaryBackgroundColor);
  root.style.setProperty("--text", colors.textColor);
  return colors;
}

const FONT = '"Page Sans", system-ui, "Noto Sans", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif';

/** Loads the page's own font into this frame; the system's is used until it is there, or where it is not. */
export function loadFont(url, loaded) {
  if (!url || [...document.fonts].some((face) => face.family === "Page Sans")) return;
  const face = new FontFace("Page Sans", `url(${JSON.stringify(url)})`, { weight: "200 900" });
  document.fonts.add(face);
  face.load().then(loaded, () => document.fonts.delete(face));
}

/** Cytoscape's style sheet for these colours. */
export function styleSheet(colors) {
  const dark = colors.base === "dark";
  const line = dark ? "#64748b" : "#a3afc0";
  const words = dark ? "#cbd5e1" : "#475569";
  return [
    {
      selector: "node",
      style: {
        "background-color": "data(color)",
        width: "data(size)",
        height: "data(size)",
        label: "data(short)",
        color: colors.textColor,
        "font-family": FONT,
        "font-size": "data(font)",
        "font-weight": 600,
        "text-valign": "bottom",
        "text-margin-y": 4,
        "text-wrap": "wrap",
        "text-max-width": 130,
        "text-outline-color": colors.backgroundColor,
        "text-outline-width": 2.5,
        "min-zoomed-font-size": 8,
        "border-width": 2,
        "border-color": dark ? "#0b1220" : "#ffffff",
      },
    },
    {
      selector: "edge",
      style: {
        width: "data(width)",
        "line-color": line,
        "line-opacity": "data(opacity)",
        "target-arrow-color": line,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.9,
        "curve-style": "bezier",
        "control-point-step-size": 46,
        "loop-direction": "-45deg",
        "loop-sweep": "70deg",
        label: "data(short)",
        color: words,
        "font-family": FONT,
        "font-size": 10.5,
        "text-rotation": "autorotate",
        "text-background-color": colors.backgroundColor,
        "text-background-opacity": 0.88,
        "text-background-padding": 2,
        "text-background-shape": "roundrectangle",
        "min-zoomed-font-size": 7.5,
      },
    },
    { selector: 'node[side = "top"]', style: { "text-valign": "top", "text-margin-y": -4 } },
    { selector: 'node[side = "right"]', style: { "text-valign": "center", "text-halign": "right", "text-margin-x": 4, "text-margin-y": 0 } },
    { selector: 'node[side = "left"]', style: { "text-valign": "center", "text-halign": "left", "text-margin-x": -4, "text-margin-y": 0 } },
    { selector: "node[?root]", style: { "border-width": 4, "border-color": colors.textColor } },
    { selector: ".hidden", style: { display: "none" } },
    { selector: ".faded", style: { opacity: 0.18 } },
    { selector: "node.near", style: { "z-index": 5 } },
    {
      selector: "edge.near",
      style: { "line-color": colors.primaryColor, "target-arrow-color": colors.primaryColor, "line-opacity": 1, "z-index": 5 },
    },
    {
      selector: "node.chosen",
      style: { "border-width": 5, "border-color": colors.primaryColor, "z-index": 9 },
    },
    {
      selector: "edge.chosen",
      style: {
        "line-color": colors.primaryColor,
        "target-arrow-color": colors.primaryColor,
        "line-opacity": 1,
        color: colors.primaryColor,
        "font-weight": 700,
        "font-size": 12,
        "z-index": 9,
      },
    },
  ];
}
