"""Which published networks PercHead can use, where their files are, and how they get there.

`table` is the list; `store` knows the places; `download` and `importing` fill them. Nothing here
runs on its own: a file is fetched only when the user asks for that model and accepts its licence.
"""
