"""How fluent the drawing is: frames per second while the picture is moved and zoomed, first paint, memory.

    python benchmarks/ui_graph.py --nodes 1000 10000 [--renderer own sigma cytoscape]

Draws made-up graphs (three edges to a node, hubs as in real ones) in headless Chromium without a graphics card,
outside Streamlit, moves the mouse and turns its wheel as a person does, and prints one JSON object for each. ``own`` is
the bundle in ``ui/graph``; the other two are fetched with npm into a temporary folder and drawn with what they come
with, sigma with edges hidden in motion.

``fps`` counts frames between the first and the last movement; ``longest_ms`` is the longest wait between two of them,
which is how long the page did not answer.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import json
import random
import shutil
import subprocess
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).resolve().parents[1] / "ui" / "graph" / "bundle"
TYPES = ("Person", "Organization", "Place", "Time", "Quantity", "Event", "Work", "Product", "Other")
COLORS = ("#3b82f6", "#f59e0b", "#10b981", "#8b5cf6", "#78716c", "#ef4444", "#ec4899", "#06b6d4", "#94a3b8")
SIZE = {"width": 1100, "height": 640}
MOVES = 90
LONGEST_S = 6.0  # of moving, for what does not keep up

PAGES = Path(__file__).with_suffix("")


def make_graph(count: int, seed: int = 7) -> dict[str, Any]:
    """`count` nodes and three times as many edges, in the form the component takes; few nodes have most of them."""
    rng = random.Random(seed)
    ends = [0]
    source, target = [], []
    for index in range(1, count):
        for _ in range(3):
            other = rng.choice(ends) if rng.random() < 0.75 else rng.randrange(index)
            source.append(index)
            target.append(other)
            ends += [other, index]
    degree = [0] * count
    for end in source + target:
        degree[end] += 1
    return {
        "types": [[name, name, color] for name, color in zip(TYPES, COLORS, strict=True)],
        "relations": [f"relation {i}" for i in range(40)],
        "nodes": {
            "id": [f"{rng.getrandbits(128):032x}" for _ in range(count)],
            "label": [f"Entity number {i}" if i % 5 else f"实体{i}" for i in range(count)],
            "type": [rng.randrange(len(TYPES)) for _ in range(count)],
            "size": [round(20 + 6 * (d**0.5), 1) for d in degree],
            "root": [0],
            "tip": [["a type", "mentions: 3"]] * count,
        },
        "edges": {
            "source": source,
            "target": target,
            "relation": [rng.randrange(40) for _ in source],
            "support": [rng.choice((1, 1, 1, 2, 5)) for _ in source],
            "confidence": [round(rng.random(), 2) for _ in source],
            "id": {},
            "from": {},
            "to": {},
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nodes", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--renderer", nargs="+", choices=("own", "sigma", "cytoscape"), default=["own"])
    parser.add_argument("--picture", type=Path, help="a folder for pictures of what was drawn")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for renderer in args.renderer:
            made = _site(Path(folder) / renderer, renderer)
            for count in args.nodes:
                (made / "graph.json").write_text(json.dumps(make_graph(count)), encoding="utf-8")
                print(json.dumps(_measure(made, renderer, count, args.picture)), flush=True)


def _site(folder: Path, renderer: str) -> Path:
    """The files of a page that draws ``graph.json``."""
    folder.mkdir()
    if renderer == "own":
        shutil.copytree(BUNDLE, folder, dirs_exist_ok=True)
        shutil.copy(PAGES / "parent.html", folder)
        return folder
    packages = {
        "sigma": ["sigma@3", "graphology@0.26", "graphology-layout-forceatlas2@0.10"],
        "cytoscape": ["cytoscape@3.34.4"],
    }[renderer]
    shutil.copy(PAGES / f"{renderer}.js", folder / "main.js")
    subprocess.run(["npm", "install", "--silent", "esbuild@0.28.2", *packages], cwd=folder, check=True)
    bundle = [
        "npx",
        "esbuild",
        "main.js",
        "--bundle",
        "--format=esm",
        "--minify",
        "--outfile=other.js",
        "--log-level=error",
    ]
    subprocess.run(bundle, cwd=folder, check=True)
    shutil.copy(PAGES / "other.html", folder / "parent.html")
    return folder


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _measure(folder: Path, renderer: str, count: int, picture: Path | None) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-unsafe-swiftshader",
        "--enable-precise-memory-info",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport=SIZE)
        address = f"http://127.0.0.1:{server.server_address[1]}"
        page.goto(f"{address}/parent.html")
        page.set_default_timeout(120_000)
        if renderer == "own":
            page.evaluate("document.getElementById('f').src = 'index.html'")
            page.wait_for_function("window.ready")
            page.evaluate(
                "args => window.show(args)", {"graph": "graph.json", "digest": str(count), "height": 560, "words": {}}
            )
            frame = page.frames[1]
        else:
            frame = page.frames[0]
        frame.locator("html[data-drawn]").wait_for(state="attached")
        first = frame.evaluate(
            "+(document.documentElement.dataset.firstPaint ?? document.documentElement.dataset.drawn)"
        )
        arranging = _moved(page, frame)
        began = time.monotonic()
        frame.locator("html[data-settled]").wait_for(state="attached")
        settled = time.monotonic() - began
        page.wait_for_timeout(1000)
        result = {
            "renderer": renderer,
            "nodes": count,
            "edges": 3 * (count - 1),
            "first_paint_ms": round(first),
            "while_arranging": arranging,
            "settled_after_more_s": round(settled, 1),
            **_moved(page, frame),
            "heap_mb": round(frame.evaluate("performance.memory.usedJSHeapSize") / 1e6, 1),
        }
        if picture is not None:
            picture.mkdir(parents=True, exist_ok=True)
            if renderer == "own":
                frame.locator("#fit").click()
                page.mouse.move(10, 630)
            page.wait_for_timeout(1500)
            while renderer == "own" and not frame.evaluate("window.__kgGraph.idle()"):
                page.wait_for_timeout(200)
            shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "png"})
            (picture / f"{renderer}-{count}.png").write_bytes(base64.b64decode(shot["data"]))
        browser.close()
    server.shutdown()
    return result


_COUNT = """() => {
  window.__times = [];
  const step = (now) => { window.__times.push(now); window.__next = requestAnimationFrame(step); };
  window.__next = requestAnimationFrame(step);
}"""
_COUNTED = "() => { cancelAnimationFrame(window.__next); return window.__times; }"


def _moved(page: Any, frame: Any) -> dict[str, Any]:
    """Frames while the picture is dragged about, and while it is zoomed in and out by the wheel."""
    result = {}
    for name in ("pan", "zoom"):
        page.mouse.move(540, 300)
        if name == "pan":
            page.mouse.move(20, 530)
            page.mouse.down()
        frame.evaluate(_COUNT)
        end = time.monotonic() + LONGEST_S
        for step in range(MOVES):
            if time.monotonic() > end:
                break
            if name == "pan":
                page.mouse.move(20 + 6 * (45 - abs(step - 45)), 530 - 4 * abs(step % 30 - 15))
            else:
                page.mouse.wheel(0, -60 if step % 30 < 15 else 60)
            page.wait_for_timeout(16)
        times = frame.evaluate(_COUNTED)
        if name == "pan":
            page.mouse.up()
        gaps = [b - a for a, b in pairwise(times)]
        result[f"{name}_fps"] = round(1000 * len(gaps) / max(times[-1] - times[0], 1), 1) if len(times) > 1 else 0
        result[f"{name}_longest_ms"] = round(max(gaps, default=0))
        page.wait_for_timeout(300)
    return result


if __name__ == "__main__":
    main()
