"""What is asked of a tree again and again, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

__all__ = ["Memory", "once"]

Memory = dict[Any, dict[int, Any]]  # function -> word -> answer


class _Remembers(Protocol):
    memory: Memory


_Tree = TypeVar("_Tree", bound=_Remembers)
_Answer = TypeVar("_Answer")


def once(find: Callable[[_Tree, int], _Answer]) -> Callable[[_Tree, int], _Answer]:
    """Makes a function of a tree and a word remember its answers with the tree. The trees of a text do not change once
    they are built; nor may the answers, if they are lists."""

    @wraps(find)
    def remembered(tree: _Tree, i: int) -> _Answer:
        answer: _Answer
        try:
            answer = tree.memory[find][i]
        except KeyError:
            answer = tree.memory.setdefault(find, {})[i] = find(tree, i)
        return answer

    return remembered
