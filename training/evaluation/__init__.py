"""How good are the heads: protocols, metrics behind one interface, tables and pictures."""
