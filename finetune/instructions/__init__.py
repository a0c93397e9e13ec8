"""Instructions for extraction of relations, entities and events, in English and Chinese, from annotated texts."""
