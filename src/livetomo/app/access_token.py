"""The key that a browser must show."""

import secrets


def new_token() -> str:
    """Make a token that cannot be guessed."""
    return secrets.token_urlsafe(24)
