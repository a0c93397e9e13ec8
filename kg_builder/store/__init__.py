"""The graph database behind one interface."""
