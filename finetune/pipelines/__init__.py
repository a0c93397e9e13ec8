"""Training of the pipelines that the offline extractor ships: readers, models, training loops, export."""
