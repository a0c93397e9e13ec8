"""Views kept under a name, in the interface's own folder, for each store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ui import data
from ui.exploring.history import Address
from ui.exploring.state import PARAMETERS
from ui.workspace import keep_json, kept_json, store_folder

__all__ = ["forget_view", "save_view", "saved_views"]

_LONGEST = 80
_MOST = 200


def saved_views() -> dict[str, Address]:
    """The kept views of this store by name, the latest first."""
    kept = kept_json(store_folder(data.store().uri) / "views.json", {})
    if not isinstance(kept, dict):
        return {}
    views = [
        (str(each.get("saved", "")), name, _address(each)) for name, each in kept.items() if isinstance(each, dict)
    ]
    return {name: address for _, name, address in sorted(views, reverse=True) if address}


def _address(kept: dict[str, Any]) -> Address:
    """What the file says, where it makes sense: anybody may have edited it."""
    view = kept.get("view")
    if not isinstance(view, dict):
        return ()
    lists = {name: values for name, values in view.items() if name in PARAMETERS and isinstance(values, list)}
    return tuple((name, tuple(str(value) for value in lists[name])) for name in PARAMETERS if lists.get(name))


def save_view(name: str, address: Address) -> None:
    """Keep a view under a name, in place of an earlier one of that name."""
    title = " ".join(name.split())[:_LONGEST]
    kept = saved_views()
    if title and (title in kept or len(kept) < _MOST):
        _change(title, address)


def forget_view(name: str) -> None:
    """Drop a kept view."""
    _change(name, ())


def _change(name: str, address: Address) -> None:
    path = store_folder(data.store().uri) / "views.json"
    kept = kept_json(path, {}, to_change=True)
    views: dict[str, Any] = kept if isinstance(kept, dict) else {}
    views.pop(name, None)
    if address:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        views[name] = {"saved": now, "view": {key: list(values) for key, values in address}}
    keep_json(path, views)
