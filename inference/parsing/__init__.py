"""From a portrait to its map of face regions, behind one small protocol."""
