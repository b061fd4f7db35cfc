"""The image: it copies what is there, is pinned, runs as nobody special, and has one layout."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from xml.etree import ElementTree

from stack.installation import ROOT, Installation
from stack.services import cluster
from stack.settings import StackSettings

FOLDER = ROOT / "deploy" / "flink"
Instructions = list[list[str]]


def copied(dockerfile: Instructions) -> list[str]:
    """Return the sources that are copied from the tree."""
    copies = [words[1:-1] for words in dockerfile if words[0] == "COPY"]
    plain = [words for words in copies if not words[0].startswith("--from")]
    return [word for words in plain for word in words if not word.startswith("--")]


def test_everything_that_is_copied_is_in_the_tree(dockerfile: Instructions) -> None:
    assert not [source for source in copied(dockerfile) if not (ROOT / source).exists()]


def test_the_builder_is_sent_what_is_copied_and_no_more(dockerfile: Instructions) -> None:
    lines = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    sources = set(copied(dockerfile))
    assert {source for source in sources if not any(_below(source, s) for s in sent)} == set()
    assert {s for s in sent if not any(_below(source, s) for source in sources)} == set()


def _below(source: str, folder: str) -> bool:
    return source == folder or fnmatch(source, f"{folder}/*")


def test_every_base_image_has_a_version_of_python_or_java(dockerfile: Instructions) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["requires-python"].removeprefix(">=").partition(",")[0]
    bases = [words[1] for words in dockerfile if words[0] == "FROM"]
    assert all(f"python:{wanted}-" in base or base.endswith("-17") for base in bases)


def test_packages_are_installed_from_the_lock_with_hashes(dockerfile: Instructions) -> None:
    installs = [words for words in dockerfile if words[0] == "RUN" and "install" in words]
    [pip] = [words for words in installs if "pip" in words]
    assert {"--require-hashes", "/build/requirements.lock"} <= set(pip)


def test_the_image_has_every_jar_that_the_pom_pins(dockerfile: Instructions) -> None:
    """The codec that the connector leaves out too: tests/unit/stack/services/test_codecs.py."""
    [maven] = [words for words in dockerfile if words[:2] == ["RUN", "mvn"]]
    assert {"/build/pom.xml", "-Dcardwatch.jars=/jars", "package"} <= set(maven)
    assert ["COPY", "--from=jars", "/jars", ".cardwatch/jars"] in dockerfile


def test_the_image_builds_the_java_edge_where_the_pom_looks_for_it(
    dockerfile: Instructions,
) -> None:
    pom = ElementTree.parse(ROOT / "pom.xml")
    modules = [module.text for module in pom.iterfind(".//{*}module")]
    assert modules
    assert all(["COPY", module, f"/build/{module}"] in dockerfile for module in modules)


def test_the_containers_run_as_a_user_of_their_own(dockerfile: Instructions) -> None:
    users = [words[1] for words in dockerfile if words[0] == "USER"]
    assert users == ["cardwatch"]
    after = [words[0] for words in dockerfile[dockerfile.index(["USER", "cardwatch"]) :]]
    assert "RUN" not in after and "COPY" not in after


def test_processes_have_the_environment_of_the_embedded_stack(
    image_environment: dict[str, str], tmp_path: Path
) -> None:
    install = Installation(root=tmp_path)
    embedded = cluster.environment(install, StackSettings(tmp_path / "stack"))
    same = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "FLINK_IDENT_STRING")
    assert [image_environment[name] for name in same] == [embedded[name] for name in same]
    folder = image_environment["CARDWATCH_FOLDER"]
    for name, part in {"CONF": "conf", "LIB": "lib", "LOG": "logs"}.items():
        assert image_environment[f"FLINK_{name}_DIR"] == f"{folder}/{part}"


def test_the_kubernetes_profile_names_the_folders_of_the_image(
    image_environment: dict[str, str],
) -> None:
    options = cluster.profile(Installation(), "kubernetes")
    assert options["python.pythonpath"] == image_environment["PYTHONPATH"]
    first = image_environment["PATH"].split(":")[0]
    assert options["python.executable"] == f"{first}/python"
    assert options["python.client.executable"] == f"{first}/python"


def test_the_entry_point_can_be_executed(dockerfile: Instructions) -> None:
    [entry] = [words for words in dockerfile if words[0] == "ENTRYPOINT"]
    script = ROOT / entry[1].strip('["]')
    assert script.read_text().startswith("#!/bin/sh\n") and script.stat().st_mode & 0o111
