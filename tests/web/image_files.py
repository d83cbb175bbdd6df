"""Dockerfile and composition, read as data."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import yaml

from testkit.dashboard import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = {
    match["name"]: match["body"]
    for match in re.finditer(
        r"^FROM \S+ AS (?P<name>[\w-]+)\n(?P<body>.*?)(?=^FROM |\Z)",
        DOCKERFILE,
        re.MULTILINE | re.DOTALL,
    )
}
# YAML has no types of its own.
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ["dashboard", "sync"]


def instructions(stage: str) -> Iterator[tuple[str, str]]:
    """Yield keyword and argument of each instruction, its lines put together."""
    text = re.sub(r"^\s*#.*\n", "", STAGES[stage], flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        keyword, _, argument = line.strip().partition(" ")
        if keyword:
            yield keyword, argument.strip()


def copied(stage: str) -> set[str]:
    """Return the project's files in a final image."""
    return {
        name
        for part in ("base", stage)
        for keyword, argument in instructions(part)
        if keyword == "COPY" and not argument.startswith("--from")
        for name in argument.split()[:-1]
    }


def variables(stage: str) -> dict[str, str]:
    """Return the environment that an image sets."""
    return dict(
        pair.split("=", 1)
        for part in ("base", stage)
        for keyword, argument in instructions(part)
        if keyword == "ENV"
        for pair in shlex.split(argument)
    )


def last(stage: str, keyword: str) -> str:
    """Return the argument of an instruction that a stage has once."""
    [argument] = [text for name, text in instructions(stage) if name == keyword]
    return argument
