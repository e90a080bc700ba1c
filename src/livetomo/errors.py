"""The errors of livetomo that a caller can act on.

A wrong argument is a plain ``ValueError`` or ``TypeError`` whose message names the parameter, what was expected, what
came, and what to try. The tree below is for what a program may want to treat differently::

    LivetomoError
    ├── FileError             a file cannot be used; the message names it and says why
    │   ├── IncompleteFile    it is still being written (or was cut off): try again later
    │   ├── UnknownFormat     no reader knows it
    │   └── MissingPackage    the reader needs a package that is not installed
    ├── MissingMetadata       the file is fine but does not say something needed; the message names the option
    └── EnvironmentProblem    the computer lacks something (a drawing library, a free port); says how to get it
"""


class LivetomoError(Exception):
    """Any error that livetomo raises on purpose and that is not a wrong argument."""


class FileError(LivetomoError):
    """A file cannot be used; the message names it and says why."""


class IncompleteFile(FileError):
    """The file is still being written or was cut off: it may be readable later."""


class UnknownFormat(FileError):
    """No reader knows this file."""


class MissingPackage(FileError):
    """The file needs a reader from a package that is not installed."""


class MissingMetadata(LivetomoError):
    """The data are fine but do not say something that is needed; the message names the option that supplies it."""


class EnvironmentProblem(LivetomoError):
    """The computer lacks something livetomo needs; the message says how to get it."""
