"""Extractors: text in, extractions out."""
