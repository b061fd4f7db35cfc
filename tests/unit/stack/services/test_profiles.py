"""The Flink profiles: each setting has its reason, and the traps are kept shut."""

from pathlib import Path

import pytest
import yaml

from stack.installation import ROOT, Installation
from stack.services import cluster, kafka
from stack.settings import Layout, Ports, StackSettings

PORTS = Ports(kafka=1, controller=2, flink_ui=3, jobmanager_rpc=4, blob_server=5, zookeeper=6)
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
    assert names == {
        "broker",
        "client",
        "jobmanager",
        "taskmanager-1",
        "taskmanager-2",
        "zookeeper",
    }
    lines = (written.conf / "taskmanager-2.args").read_text().splitlines()
    assert f'"-Dlog.file={written.logs}/taskmanager-2.log"' in lines
    assert '"taskmanager.resource-id=taskmanager-2"' in lines


def test_a_collection_that_the_heartbeat_outlasts_costs_no_session(written: Layout) -> None:
    options = yaml.safe_load((written.conf / "config.yaml").read_text())
    session = "high-availability.zookeeper.client.session-timeout"
    lines = (written.conf / "taskmanager-1.args").read_text().splitlines()
    assert f'"{session}={options["heartbeat.timeout"]}"' in lines
    assert options[session] == "5 s"
    assert session not in (written.conf / "jobmanager.args").read_text()


def test_the_jobmanager_remembers_its_job_in_zookeeper_on_a_known_port(written: Layout) -> None:
    options = yaml.safe_load((written.conf / "config.yaml").read_text())
    found = {key: value for key, value in options.items() if key.startswith("high-availability")}
    assert found["high-availability.type"] == "zookeeper"
    assert found["high-availability.zookeeper.quorum"] == "127.0.0.1:6"
    assert found["high-availability.jobmanager.port"] == "4"
    assert found["high-availability.storageDir"] == (written.folder / "ha").as_uri()
    own = (written.conf / "zookeeper.properties").read_text().splitlines()
    assert {"clientPort=6", "clientPortAddress=127.0.0.1"} <= set(own)


def test_the_jobmanager_waits_a_minute_for_a_zookeeper_that_starts_beside_it() -> None:
    options = cluster.profile(Installation(), "embedded")
    attempts = int(options["high-availability.zookeeper.client.max-retry-attempts"])
    wait_ms = int(options["high-availability.zookeeper.client.retry-wait"].removesuffix(" ms"))
    assert attempts * wait_ms >= 60_000


def test_a_process_serves_at_the_address_that_it_is_given(tmp_path: Path) -> None:
    hosts = {"broker": "198.18.0.9", "jobmanager": "198.18.0.1", "taskmanager-1": "198.18.0.2"}
    settings = StackSettings(tmp_path, hosts=hosts)
    layout = Layout(settings.folder)
    layout.conf.mkdir()
    cluster.write_config(Installation(), settings, PORTS)
    kafka.write_config(Installation(), settings, PORTS)
    options = yaml.safe_load((layout.conf / "config.yaml").read_text())
    assert options["jobmanager.rpc.address"] == options["jobmanager.bind-host"] == "198.18.0.1"
    broker = (layout.conf / "broker.properties").read_text()
    assert "advertised.listeners=PLAINTEXT://198.18.0.9:1\n" in broker
    first, second = ((layout.conf / f"taskmanager-{n}.args").read_text() for n in (1, 2))
    assert '"taskmanager.host=198.18.0.2"' in first
    assert '"taskmanager.host=127.0.0.1"' in second


def test_servers_are_bound_to_the_loopback_address(written: Layout) -> None:
    options = yaml.safe_load((written.conf / "config.yaml").read_text())
    bound = [value for key, value in options.items() if "bind" in key or key.endswith("address")]
    assert set(bound) == {"127.0.0.1"}
    broker = (written.conf / "broker.properties").read_text()
    assert "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n" in broker
