"""The residual against time."""
