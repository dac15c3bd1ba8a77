"""Standalone training scripts and what only they need. No Qt."""
