"""What measures speed and quality; never part of the test run. One command each, JSON out."""
