"""Scripts that take the small open networks out of published wheels into resources/."""
