"""Everything that turns arrays into arrays: filter, align, reconstruct. One method a file."""
