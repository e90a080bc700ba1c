"""The newest projection."""
