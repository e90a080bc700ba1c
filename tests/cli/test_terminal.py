"""What the terminal says of a run, status by status."""

from livetomo.cli.terminal import Terminal
from livetomo.live.messages import SetAsideRecord, Status


def status(*set_aside, state="refining"):
    return Status(state, "folder", "out.mrc", "sirt", set_aside=set_aside)


def test_a_file_set_aside_is_told_once_also_when_another_one_goes(capsys):
    terminal = Terminal()
    first, second = SetAsideRecord("a.mrc", "no angle"), SetAsideRecord("b.mrc", "blank")
    for records in ((first,), (first,), (second,), (second,)):
        terminal.show(status(*records))
    said = [line for line in capsys.readouterr().err.splitlines() if "set aside:" in line]
    assert said == ["livetomo: set aside: a.mrc: no angle", "livetomo: set aside: b.mrc: blank"]


def test_many_files_set_aside_for_one_reason_do_not_hide_other_lines(capsys):
    terminal = Terminal()
    records = [SetAsideRecord(f"{k}.mrc", "no angle") for k in range(30)]
    for n in (2, 5, 30):
        terminal.show(status(*records[:n], SetAsideRecord("odd.mrc", "blank")))
    said = [line for line in capsys.readouterr().err.splitlines() if "set aside:" in line]
    assert len(said) == 5
    assert "livetomo: set aside: odd.mrc: blank" in said
    assert said[-1] == "livetomo: set aside: more for the same reason, the newest is 3.mrc"


def test_a_log_is_not_told_of_every_turn(capsys):
    terminal = Terminal()
    for state in ("waiting", *["reading", "refining", "converged"] * 20, "paused", "refining", "finished"):
        terminal.show(status(state=state))
    said = [line.split()[1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["waiting", "refining", "paused", "refining", "finished"]
