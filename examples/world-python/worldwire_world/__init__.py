"""A World of the core profile: in memory, one process, written to be read."""
