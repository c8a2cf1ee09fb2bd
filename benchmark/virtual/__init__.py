"""Virtual speakers: sentences, prosody, and articulatory synthesis whose articulation is known exactly.

Nothing here imports the GPL-licensed synthesiser except `benchmark.virtual.engine`, which runs in a process
of its own.
"""
