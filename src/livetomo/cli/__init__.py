"""Thin commands: arguments in, one clear line out."""
