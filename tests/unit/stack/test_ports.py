"""Ports are free, distinct, and stay the same from run to run where they can."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stack import ports
from stack.errors import StackError
from stack.settings import HOST, Ports, StackSettings


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port that a server listens on."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_chosen_ports_are_free_and_distinct(tmp_path: Path) -> None:
    chosen = list(vars(ports.choose(StackSettings(tmp_path), None)).values())
    assert len(set(chosen)) == len(Ports.__annotations__)
    assert all(map(ports.is_free, chosen))


def test_the_ports_of_the_last_run_are_taken_again(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path)
    first = ports.choose(settings, None)
    assert ports.choose(settings, first) == first


def test_a_port_of_the_last_run_that_is_taken_now_is_replaced(tmp_path: Path, taken: int) -> None:
    settings = StackSettings(tmp_path)
    first = ports.choose(settings, None)
    with socket.create_server((HOST, first.kafka)):
        second = ports.choose(settings, first)
    assert second.kafka != first.kafka
    assert second.flink_ui == first.flink_ui


def test_a_server_that_the_last_run_did_not_have_gets_a_port_too(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path)
    older = replace(ports.choose(settings, None), zookeeper=0)
    newer = ports.choose(settings, older)
    assert newer.zookeeper and replace(newer, zookeeper=0) == older


def test_a_wanted_port_that_is_taken_is_one_clear_sentence(tmp_path: Path, taken: int) -> None:
    settings = StackSettings(tmp_path, flink_port=taken)
    with pytest.raises(StackError, match=f"Port {taken} is taken .* --flink-port"):
        ports.choose(settings, None)


def test_listening_and_free_exclude_each_other(taken: int) -> None:
    assert ports.is_listening(taken)
    assert not ports.is_free(taken)
