"""What a running application knows (facts) and is told (wishes), and what is shown for them. No widget, no VTK."""

from livetomo.session.engine_link import EngineLink
from livetomo.session.facts import Facts, VolumeFacts
from livetomo.session.resolve import View, resolve
from livetomo.session.session import Session
from livetomo.session.wishes import Wishes

__all__ = ["EngineLink", "Facts", "Session", "View", "VolumeFacts", "Wishes", "resolve"]
