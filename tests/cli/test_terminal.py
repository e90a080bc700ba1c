"""What the terminal says of a run, status by status."""

from livetomo.cli.terminal import Terminal
from livetomo.live.messages import SetAsideRecord, Status


def status(*set_aside):
    return Status("refining", "folder", "out.mrc", "sirt", set_aside=set_aside)


def test_a_file_set_aside_is_told_once_also_when_another_one_goes(capsys):
    terminal = Terminal()
    first, second = SetAsideRecord("a.mrc", "no angle"), SetAsideRecord("b.mrc", "blank")
    for records in ((first,), (first,), (second,), (second,)):
        terminal.show(status(*records))
    said = [line for line in capsys.readouterr().err.splitlines() if "set aside:" in line]
    assert said == ["livetomo: set aside: a.mrc: no angle", "livetomo: set aside: b.mrc: blank"]
