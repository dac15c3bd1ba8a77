"""The frozen networks, each behind one small protocol and loaded lazily."""
