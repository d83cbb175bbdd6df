"""Print the measures of legibility that docs/decisions/0007-measures.md states.

./scripts/uv run python -m scripts.measures
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("core", "metrics", "pages", "store", "sync", "ui", "web")
WALKS = ("page to its plan", "row in the database to its block", "API request")


def product() -> list[Path]:
    """Return the Python files of the product: its rooms and its two entries."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted([*files, *ROOT.glob("*.py")])


def lines(files: list[Path]) -> int:
    """Return the number of their lines, blank ones included."""
    return sum(len(path.read_text().splitlines()) for path in files)


def comments(files: list[Path]) -> float:
    """Return comments (`#`) that are no instructions to a tool, per 100 lines."""
    found = [
        token.string
        for path in files
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if token.type == tokenize.COMMENT
    ]
    why = [text for text in found if not re.match(r"# ?(noqa|type:|isort)", text)]
    return 100 * len(why) / lines(files)


def called_once(files: list[Path]) -> float:
    """Return the share of private functions that are named once in their file."""
    total = once = 0
    for path in files:
        nodes = [*ast.walk(ast.parse(path.read_text()))]
        named = Counter(
            node.id if isinstance(node, ast.Name) else node.attr
            for node in nodes
            if isinstance(node, ast.Name | ast.Attribute)
        )
        private = [
            node.name
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and re.match("_[a-z]", node.name)
        ]
        total += len(private)
        once += sum(named[name] <= 1 for name in private)
    return once / total


def walk(name: str) -> int:
    """Return the number of files that a walk of CONTRIBUTING.md passes."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    _, _, rest = page.partition(f"**From a{'n' if name[0] == 'A' else ''} {name}")
    steps = re.findall(r"^\d+\. (.*)", rest.partition("\n\n**")[0], re.MULTILINE)
    return sum(step.count(".py`") for step in steps)


def touched_by_a_metric() -> int:
    """Return the number of files that the recipe for a metric changes."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    recipe = page.partition("## Add a metric")[2].partition("\n## ")[0]
    return len(re.findall(r"^\+\+\+ ", recipe, re.MULTILINE))


def main() -> None:
    """Print one measure per line."""
    files = product()
    found = {
        "Python files": f"{len(files)}",
        "their lines": f"{lines(files):,}",
        "private functions with one caller": f"{called_once(files):.0%}",
        "comments per 100 lines": f"{comments(files):.1f}",
        **{f"files from {name}": f"{walk(name)}" for name in WALKS},
        "files that a metric touches": f"{touched_by_a_metric()}",
    }
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in found.items()))


if __name__ == "__main__":
    main()
