"""The reference model: enhancement and inversion trained together on one encoder (extra `joint`)."""
