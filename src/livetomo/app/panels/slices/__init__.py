"""Three orthogonal slices."""
