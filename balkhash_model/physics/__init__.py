"""Equations for one moment: pure functions on plain arrays, without labels, files or state."""
