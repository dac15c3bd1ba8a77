"""The results of an editing session: to go back to, to compare, to morph between."""
