"""The words of the drawn graph."""

from __future__ import annotations

__all__ = ["EN", "ZH"]

EN: dict[str, str] = {
    "graph.name": "Drawn graph",
    "graph.canvas": (
        "Drawn graph. Arrow keys move it, plus and minus zoom, 0 fits, P pins the chosen node. The list below holds "
        "the same."
    ),
    "graph.tools": "View of the graph",
    "graph.zoomIn": "Zoom in",
    "graph.zoomOut": "Zoom out",
    "graph.fit": "Fit",
    "graph.arrange": "Arrange again",
    "graph.list": "Nodes and edges as a list",
    "graph.unpin": "Let go of the chosen pinned node, else of all",
    "graph.png": "Save as PNG, as you see it",
    "graph.svg": "Save the whole drawing as SVG",
    "graph.find": "Find in the list",
    "graph.more": "{n} more are drawn; find them by name.",
    "graph.pinned": "pinned: right-click or P lets go",
    "graph.arranging": "Arranging …",
    "graph.toggle": "Show or hide this type",
    "graph.mentions": "mentions: {n}",
    "graph.support": "support: {n}",
    "graph.confidence": "confidence: {p}",
}

ZH: dict[str, str] = {
    "graph.name": "图",
    "graph.canvas": "图。方向键移动，加减号缩放，0 键适应窗口，P 键固定所选节点。下方列表含有相同的节点和边。",
    "graph.tools": "视图",
    "graph.zoomIn": "放大",
    "graph.zoomOut": "缩小",
    "graph.fit": "适应窗口",
    "graph.arrange": "重新布局",
    "graph.list": "以列表查看节点和边",
    "graph.unpin": "解除所选固定节点；未选中时解除全部",
    "graph.png": "将当前画面保存为 PNG",
    "graph.svg": "将整张图保存为 SVG",
    "graph.find": "在列表中查找",
    "graph.more": "图中还有 {n} 项，可按名称查找。",
    "graph.pinned": "已固定：右键单击或按 P 键解除",
    "graph.arranging": "正在布局……",
    "graph.toggle": "显示或隐藏此类型",
    "graph.mentions": "提及：{n}",
    "graph.support": "支持：{n}",
    "graph.confidence": "置信度：{p}",
}
