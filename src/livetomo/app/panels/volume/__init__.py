"""The 3-D view with what lies over it."""
