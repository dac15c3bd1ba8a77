"""From one portrait to a 3D head, to pictures and files. No Qt; usable from a script or a notebook."""
