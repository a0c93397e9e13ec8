"""The graph that exports are tried on."""

import pytest
from graphs import Graph, hostile_graph


@pytest.fixture
def hostile() -> Graph:
    """A graph with every hostile name."""
    return hostile_graph()
