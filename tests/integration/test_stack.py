"""The embedded stack as a whole: real processes, started, killed and stopped."""

import json
import os
import signal

import psutil
import pytest
from click.testing import CliRunner
from confluent_kafka.admin import AdminClient

from cli.main import cardwatch
from events.topics import PARTITIONS, TOPICS
from stack import ports
from stack.errors import StackError
from stack.services import processes
from stack.services.embedded import Stack
from stack.settings import Ports, load
from tests.conftest import StackFactory
from tests.waiting import wait_for


def ports_of(stack: Stack) -> Ports:
    """Return the ports that the stack was given."""
    known = load(stack.settings.folder)
    assert known is not None
    return known[1]


def test_a_running_stack_tells_where_everything_is(stack: Stack) -> None:
    status = stack.status()
    assert status.state == "running"
    assert status.taskmanagers == 2
    assert set(status.processes) == set(stack.settings.programs)
    assert status.problems == ()
    assert all(psutil.pid_exists(process.pid) for process in status.processes.values())
    assert (status.logs / "taskmanager-1.log").stat().st_size > 0


def test_a_stack_without_a_job_is_well_and_says_how_to_start_one(stack: Stack) -> None:
    folder = ["--folder", str(stack.settings.folder)]
    told = CliRunner().invoke(cardwatch, ["status", "--json", "-", *folder])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["job"], found["problems"]) == (None, [])
    assert found["notes"] == ["No job has been submitted: start it with ./cardwatch submit."]
    assert {each["partitions"] for each in found["topics"].values()} == {PARTITIONS}


def test_topics_are_created_as_declared(stack: Stack) -> None:
    found = AdminClient({"bootstrap.servers": stack.kafka}).list_topics(timeout=10).topics
    assert {topic.name: len(found[topic.name].partitions) for topic in TOPICS} == {
        topic.name: topic.partitions for topic in TOPICS
    }


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before = {name: process.pid for name, process in stack.status().processes.items()}
    after = Stack(stack.settings).up().processes
    assert {name: process.pid for name, process in after.items()} == before


def test_other_ports_are_refused_while_it_runs(stack: Stack) -> None:
    other = Stack(type(stack.settings)(stack.settings.folder, kafka_port=1))
    with pytest.raises(StackError, match="stop it with"):
        other.up()
    assert stack.status().state == "running"


def test_a_killed_taskmanager_is_replaced(stack: Stack) -> None:
    killed = stack.pid("taskmanager-2")
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: stack.status().processes["taskmanager-2"].pid not in (0, killed), "another")
    wait_for(lambda: stack.status().state == "running", "running")
    assert stack.flink.taskmanagers() == ["taskmanager-1", "taskmanager-2"]


def test_a_stack_grows_stops_and_keeps_its_data(start_stack: StackFactory) -> None:
    stack = start_stack(taskmanagers=1)
    assert stack.scale(2).taskmanagers == 2
    given = ports_of(stack)
    stack.down()
    assert_nothing_left(stack, given)
    stack.up()
    assert ports_of(stack) == given
    end_without_supervisor(stack)
    stack.down(delete_data=True)
    assert_nothing_left(stack, given)
    assert not stack.settings.folder.exists()


def end_without_supervisor(stack: Stack) -> None:
    """Kill the supervisor, which leaves its children without a parent."""
    supervisor = psutil.Process(stack.pid("broker")).parent()
    assert supervisor is not None
    supervisor.kill()
    wait_for(lambda: stack.status().state == "orphaned", "orphaned")


def assert_nothing_left(stack: Stack, given: Ports) -> None:
    """Check that neither a process nor a port of the stack remains."""
    assert processes.find(stack.settings.folder) == []
    assert not any(ports.is_listening(port) for port in vars(given).values())
    assert stack.status().state == "stopped"
