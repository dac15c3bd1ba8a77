"""Does an exported head look right in a browser viewer that we did not write?"""
