"""Builds the extractor: training of the shipped pipelines and of language-model adapters."""
