"""Camera, morphs and moves that bring the head onto its photograph."""
