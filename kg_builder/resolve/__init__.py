"""Entity resolution: names in, clusters of names out."""
