"""Encoders that speech enhancement and inversion can share; `registry` knows them by name."""
