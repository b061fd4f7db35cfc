"""docker-compose.yml: pinned, bound to loopback, limited, and at one with the rest of the tree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from jobs.settings import parse_settings
from stack.installation import ROOT, Installation
from stack.services import kafka
from stack.settings import Layout, Ports, StackSettings

Services = dict[str, dict[str, Any]]

PORTS = Ports(kafka=1, controller=2, flink_ui=3, jobmanager_rpc=4, blob_server=5)
# Where a broker listens, and for how many clients, differs from one way of running to another.
OWN_TO_A_WAY = {
    "advertised.listeners",
    "controller.quorum.voters",
    "listener.security.protocol.map",
    "listeners",
    "log.dirs",
    "num.io.threads",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
}


def megabytes(text: str) -> int:
    number, unit = int(text[:-1]), text[-1]
    return number * {"m": 1, "g": 1024}[unit]


def flink_services(services: Services) -> Services:
    return {name: service for name, service in services.items() if "build" in service}


def test_nothing_is_named_that_is_not_needed_today(services: Services) -> None:
    assert set(services) == {"kafka", "topics", "jobmanager", "taskmanager", "submit"}


def test_kafka_is_the_version_that_the_pom_pins(services: Services) -> None:
    version = ElementTree.parse(ROOT / "pom.xml").findtext(".//{*}kafka.version")
    assert services["kafka"]["image"] == f"apache/kafka:{version}"


def test_the_image_has_the_version_of_the_project(services: Services) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    images = {service["image"] for service in flink_services(services).values()}
    assert images == {f"cardwatch/flink:{project['version']}"}


def test_the_image_is_built_from_a_file_in_the_tree(services: Services) -> None:
    for service in flink_services(services).values():
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_ports_are_published_on_the_loopback_address_only(services: Services) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 2 and all(port.startswith("127.0.0.1:") for port in ports)


def test_volumes_are_declared_and_mounted_folders_are_in_the_tree(
    compose: dict[str, Any], services: Services
) -> None:
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    sources = {mount.split(":")[0]: mount for mount in mounts}
    named = {source for source in sources if not source.startswith(".")}
    assert named == set(compose["volumes"])
    for source in sources.keys() - named:
        assert (ROOT / source).is_dir() and sources[source].endswith(":ro")


def test_who_waits_waits_for_something_that_can_come(services: Services) -> None:
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert services[name]["restart"] == "no"


@pytest.mark.parametrize("name", ["kafka", "topics", "jobmanager", "taskmanager", "submit"])
def test_a_service_is_limited_and_has_no_privileges(services: Services, name: str) -> None:
    service = services[name]
    assert megabytes(service["deploy"]["resources"]["limits"]["memory"]) >= 256
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name in ("topics", "submit") else "unless-stopped")


def test_no_secret_is_in_the_file(services: Services) -> None:
    names = {name for service in services.values() for name in service.get("environment", {})}
    assert not [name for name in names if re.search("PASSWORD|SECRET|TOKEN|_KEY", name)]


@pytest.mark.parametrize("role", ["jobmanager", "taskmanager"])
def test_the_limit_leaves_room_above_what_flink_plans(
    services: Services, compose_profile: dict[str, str], role: str
) -> None:
    planned = megabytes(compose_profile[f"{role}.memory.process.size"])
    limit = megabytes(services[role]["deploy"]["resources"]["limits"]["memory"])
    assert limit == planned * 9 // 8


def test_the_broker_has_the_settings_of_the_embedded_one(
    services: Services, tmp_path: Path
) -> None:
    settings = StackSettings(tmp_path)
    Layout(tmp_path).conf.mkdir()
    kafka.write_config(Installation(), settings, PORTS)
    written = (Layout(tmp_path).conf / "broker.properties").read_text().splitlines()
    embedded = dict(line.split("=", 1) for line in written)
    there = {
        name.removeprefix("KAFKA_").replace("_", ".").lower(): str(value)
        for name, value in services["kafka"]["environment"].items()
    }
    shared = {key: value for key, value in embedded.items() if key not in OWN_TO_A_WAY}
    assert {key: there.get(key) for key in shared} == shared


def test_every_client_uses_the_address_that_the_broker_tells(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    told = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
    inside = told[0].removeprefix("INSIDE://")
    assert f"create_topics('{inside}')" in services["topics"]["command"][-1]
    arguments = services["submit"]["command"][2:]
    assert f"--bootstrap={inside}" in arguments
    assert told[1].removeprefix("HOST://") == services["kafka"]["ports"][0].rpartition(":")[0]


def test_the_job_understands_its_arguments(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert services["submit"]["command"][:2] == ["python", "deploy/flink/submit.py"]
    settings = parse_settings(services["submit"]["command"][2:])
    assert settings.engine == "batch"


@pytest.mark.parametrize("role", ["jobmanager", "taskmanager"])
def test_the_distribution_has_the_script_that_starts_a_role(services: Services, role: str) -> None:
    script = Installation().flink / "bin" / services[role]["command"][0]
    assert script.is_file() and script.stat().st_mode & 0o111


def test_the_health_checks_ask_at_the_port_that_is_configured(
    services: Services, compose_profile: dict[str, str]
) -> None:
    asked = {
        role: str(services[role]["healthcheck"]["test"])
        for role in services
        if role in ("jobmanager", "taskmanager")
    }
    assert compose_profile["taskmanager.rpc.port"] in asked["taskmanager"]
    assert "rest.port" not in compose_profile and "127.0.0.1:8081/" in asked["jobmanager"]


def test_python_in_a_command_is_python(services: Services) -> None:
    checks = [service.get("healthcheck", {}).get("test", []) for service in services.values()]
    commands = [service.get("command", []) for service in services.values()]
    codes = [words[words.index("-c") + 1] for words in [*checks, *commands] if "-c" in words]
    assert len(codes) == 3
    for code in codes:
        compile(code, "docker-compose.yml", "exec")
