"""The application in the browser: ``serve.serve`` runs it in a process of its own, fed by the engine through a pipe."""

from livetomo.app.access_token import new_token

__all__ = ["new_token"]
