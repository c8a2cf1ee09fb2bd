"""Runs models: in this process, in a child process, as a command, or from a folder of predictions."""
