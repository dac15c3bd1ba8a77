"""The head in the middle of the window: cameras by mouse, the render thread and the view."""
