"""File formats of articulography and speech: bytes to arrays."""
