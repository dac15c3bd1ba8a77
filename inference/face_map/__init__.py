"""The 19-class face map: its classes, the document that is painted on, brushes, stamps, files."""
