"""Opens prepared corpora."""
