"""A live run: a folder is watched, what comes is read and added, and the volume is refined, published and kept."""
