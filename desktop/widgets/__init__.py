"""Small controls that Qt does not have, used by several parts of the window."""
