"""The name that the volume gets when the user gives none."""

from livetomo.cli.live import default_output


def test_the_volume_is_named_after_the_folder_and_never_over_another_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    watched = tmp_path / "data" / "series3"
    assert default_output(watched) == tmp_path / "series3_volume.mrc"
    (tmp_path / "series3_volume.mrc").write_text("")
    assert default_output(watched) == tmp_path / "series3_volume_2.mrc"


def test_the_volume_lies_beside_the_folder_when_that_is_the_current_one(tmp_path, monkeypatch):
    watched = tmp_path / "series3"
    watched.mkdir()
    monkeypatch.chdir(watched)
    assert default_output(watched) == tmp_path / "series3_volume.mrc"
