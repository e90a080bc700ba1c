"""The bar at the top: the state of the run in words and figures, and the buttons."""
