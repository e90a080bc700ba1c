"""Compiled loops and what runs them: the matched pair of projections, and passes over volumes, on processor and GPU."""
