"""The words of the interface, page by page: `EN` and `ZH` of each module have the same keys."""
