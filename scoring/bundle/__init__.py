"""A model bundle on disk: its files, its manifest, and what its graph may hold."""
