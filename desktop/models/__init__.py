"""The Models window: what can be fetched, what is here, under which terms."""
