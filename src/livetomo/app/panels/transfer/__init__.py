"""Colour and opacity over the histogram, and the value of the contour below it."""
