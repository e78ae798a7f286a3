"""Signals: what moved, whose it is, and what became of it, until it stays away."""
