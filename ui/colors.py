"""Colours: one for each entity type, the same in every chart, card and drawing."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["STATE_COLORS", "THEME", "type_color"]

TYPE_COLORS = {
    "Person": "#3b82f6",
    "Organization": "#f59e0b",
    "Place": "#10b981",
    "Time": "#8b5cf6",
    "Quantity": "#78716c",
    "Event": "#ef4444",
    "Work": "#ec4899",
    "Product": "#06b6d4",
    "Other": "#94a3b8",
}
MORE_COLORS = (
    "#84cc16",
    "#d946ef",
    "#f97316",
    "#14b8a6",
    "#6366f1",
    "#eab308",
    "#fb7185",
    "#22c55e",
    "#0ea5e9",
    "#a855f7",
)
STATE_COLORS = {"complete": "#10b981", "partial": "#f59e0b", "failed": "#ef4444", "skipped": "#94a3b8"}

THEME = {
    "base": "light",
    "baseRadius": "0.6rem",
    "buttonRadius": "0.6rem",
    "showSidebarBorder": "true",
    "paddingTop": "0.4rem",
    "light.primaryColor": "#1d4ed8",
    "light.backgroundColor": "#ffffff",
    "light.secondaryBackgroundColor": "#f4f6fa",
    "light.textColor": "#1b2536",
    "light.borderColor": "#dfe4ec",
    "light.sidebar.backgroundColor": "#f8f9fc",
    "dark.primaryColor": "#60a5fa",
    "dark.backgroundColor": "#10151f",
    "dark.secondaryBackgroundColor": "#1a2231",
    "dark.textColor": "#e4e9f2",
    "dark.borderColor": "#2b3648",
    "dark.sidebar.backgroundColor": "#0c1119",
}
"""Streamlit's theme options, in both themes; the browser's preference picks one."""


def type_color(entity_type: str) -> str:
    """The type's colour; a type of an ontology gets one from its name, the same every time."""
    fixed = TYPE_COLORS.get(entity_type)
    if fixed:
        return fixed
    return MORE_COLORS[sha256(entity_type.encode("utf-8", "surrogatepass")).digest()[0] % len(MORE_COLORS)]
