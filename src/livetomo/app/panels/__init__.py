"""The parts of the page, each with its state, its logic and its looks."""
