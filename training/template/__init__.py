"""Builds the head template from the openly licensed hm08 mesh of MakeHuman."""
