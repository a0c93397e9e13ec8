"""Comparing predicted triples with gold ones."""
