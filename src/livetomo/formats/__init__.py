"""Files in and out: one file per format, one door to read and one to write."""

from livetomo.formats.describe import describe
from livetomo.formats.read import read, read_contents
from livetomo.formats.table import FORMATS, READERS
from livetomo.formats.write import WRITERS, check_target, write

__all__ = ["FORMATS", "READERS", "WRITERS", "check_target", "describe", "read", "read_contents", "write"]
