"""The reference: speech enhancement and speech inversion trained together on one encoder (needs the extra `joint`)."""
