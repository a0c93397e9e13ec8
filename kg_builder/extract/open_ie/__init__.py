"""The offline extractor: trained pipelines for English and Chinese, and rules over their trees."""
