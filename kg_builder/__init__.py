"""Folders of documents in, a knowledge graph with evidence out."""
