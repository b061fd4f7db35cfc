"""What a stack was given survives in its folder."""

from pathlib import Path

import pytest

from stack.errors import StackError
from stack.settings import Layout, Ports, StackSettings, load, save

PORTS = Ports(kafka=1, controller=2, flink_ui=3, jobmanager_rpc=4, blob_server=5, zookeeper=6)


def test_saved_settings_and_ports_are_loaded_again(tmp_path: Path) -> None:
    settings = StackSettings(
        tmp_path,
        taskmanagers=3,
        flink={"rest.port": "1"},
        hosts={"broker": "198.18.0.1"},
        prefixes={"broker": ("ip", "netns", "exec", "cw")},
    )
    save(settings, PORTS)
    assert load(tmp_path) == (settings, PORTS)


def test_a_folder_that_moved_is_loaded_as_where_it_is_now(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    save(StackSettings(tmp_path / "old"), PORTS)
    (tmp_path / "old").rename(tmp_path / "new")
    known = load(tmp_path / "new")
    assert known is not None
    assert known[0].folder == tmp_path / "new"


def test_a_folder_without_a_stack_loads_nothing(tmp_path: Path) -> None:
    assert load(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"settings": {"colour": 1}, "ports": {}}'])
def test_a_damaged_state_names_its_file(tmp_path: Path, text: str) -> None:
    Layout(tmp_path).state.write_text(text)
    with pytest.raises(StackError, match=r"stack\.json"):
        load(tmp_path)


def test_programs_start_in_order_of_need(tmp_path: Path) -> None:
    programs = StackSettings(tmp_path, taskmanagers=2).programs
    assert programs == ("broker", "zookeeper", "jobmanager", "taskmanager-1", "taskmanager-2")


def test_memory_grows_with_the_taskmanagers(tmp_path: Path) -> None:
    two, four = (StackSettings(tmp_path, taskmanagers=n).memory_mb for n in (2, 4))
    assert 2000 < two < four < 2 * two


@pytest.mark.parametrize("wrong", [{"taskmanagers": 0}, {"taskmanager_heap_mb": 100}])
def test_impossible_settings_fail_before_anything_starts(
    tmp_path: Path, wrong: dict[str, int]
) -> None:
    with pytest.raises(StackError, match=r"(needed|needs)"):
        StackSettings(tmp_path, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "\ud800",
        '{"settings": {"taskmanagers": "two"}, "ports": {}}',
        '{"settings": {"taskmanagers": 0}, "ports": %s}',
        '{"settings": {}, "ports": {"kafka": 99999}}',
        "{" + '"x' * 3,
    ],
)
def test_a_state_file_of_any_text_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    ports = '{"kafka":1,"controller":2,"flink_ui":3,"jobmanager_rpc":4,"blob_server":5}'
    text = text.replace("%s", ports)
    Layout(tmp_path).state.write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(StackError, match="remove the file") as caught:
        load(tmp_path)
    assert str(caught.value).isprintable()
