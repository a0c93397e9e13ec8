"""Times, sizes and moments as people read them, in the current language."""

from __future__ import annotations

from datetime import UTC, datetime

from ui.session import t

__all__ = ["duration", "moment", "size"]


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 100:
        return t("ingest.seconds", n=f"{seconds:.0f}")
    minutes = round(seconds / 60)
    if minutes < 100:
        return t("ingest.minutes", n=minutes)
    return t("ingest.hours", n=f"{minutes // 60:,}", minutes=minutes % 60)


def moment(seconds: float) -> str:
    """A moment in seconds since 1970, as date and time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def size(count: float) -> str:
    """Bytes in the largest unit that gives a number of at least one: ``1.2 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
