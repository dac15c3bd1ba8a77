"""From one portrait to a 3D head, to pictures and files. No Qt; runs from a script too."""
