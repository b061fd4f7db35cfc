"""The Flink profiles: each setting has its reason, and the traps are kept shut."""

from pathlib import Path

import pytest
import yaml

from stack import cluster, kafka
from stack.installation import ROOT, Installation
from stack.settings import Layout, Ports, StackSettings

PORTS = Ports(kafka=1, controller=2, flink_ui=3, jobmanager_rpc=4, blob_server=5)
WAYS = ("embedded", "compose", "kubernetes")
FILES = ("common", *WAYS)


@pytest.fixture
def written(tmp_path: Path) -> Layout:
    """Write the configuration of a stack whose folder has a space in its name."""
    settings = StackSettings(tmp_path / "a stack", taskmanagers=2, flink={"my.option": "1"})
    layout = Layout(settings.folder)
    for folder in (layout.conf, layout.temporary):
        folder.mkdir(parents=True)
    cluster.write_config(Installation(), settings, PORTS)
    kafka.write_config(Installation(), settings, PORTS)
    return layout


@pytest.mark.parametrize("name", FILES)
def test_each_group_of_settings_begins_with_its_reason(name: str) -> None:
    groups = (ROOT / "flink-conf" / f"{name}.yaml").read_text().strip().split("\n\n")
    assert all(group.startswith("#") for group in groups)


@pytest.mark.parametrize("name", WAYS)
def test_a_profile_repeats_nothing_that_is_common(name: str) -> None:
    texts = [(ROOT / "flink-conf" / f"{part}.yaml").read_text() for part in ("common", name)]
    common, own = (cluster.flatten(yaml.safe_load(text)) for text in texts)
    assert not {key for key, value in own.items() if common.get(key) == value}


@pytest.mark.parametrize("name", WAYS)
def test_every_way_writes_state_that_the_others_can_read(name: str) -> None:
    options = cluster.profile(Installation(), name)
    assert options["python.execution-mode"] == "thread"
    assert options["pipeline.max-parallelism"] == "720"


def test_the_cluster_keeps_the_shipped_java_options(written: Layout) -> None:
    options = yaml.safe_load((written.conf / "config.yaml").read_text())
    assert "--add-opens=java.base/java.lang=ALL-UNNAMED" in options["env.java.opts.all"]
    assert options["my.option"] == "1"
    assert options["execution.checkpointing.dir"].startswith("file:///")


def test_the_connector_is_beside_the_jars_of_the_distribution(written: Layout) -> None:
    names = {jar.name for jar in written.lib.iterdir()}
    assert {"flink-dist-2.3.0.jar", "flink-sql-connector-kafka-5.0.0-2.2.jar"} <= names


def test_each_process_has_its_arguments_one_to_a_line(written: Layout) -> None:
    names = {file.stem for file in written.conf.glob("*.args")}
    assert names == {"broker", "client", "jobmanager", "taskmanager-1", "taskmanager-2"}
    lines = (written.conf / "taskmanager-2.args").read_text().splitlines()
    assert f'"-Dlog.file={written.logs}/taskmanager-2.log"' in lines
    assert '"taskmanager.resource-id=taskmanager-2"' in lines


def test_servers_are_bound_to_the_loopback_address(written: Layout) -> None:
    options = yaml.safe_load((written.conf / "config.yaml").read_text())
    bound = [value for key, value in options.items() if "bind" in key or key.endswith("address")]
    assert set(bound) == {"127.0.0.1"}
    broker = (written.conf / "broker.properties").read_text()
    assert "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n" in broker
