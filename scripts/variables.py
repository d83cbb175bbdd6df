"""Write `.env.example` and the README's table of variables from `core.settings`.

./scripts/uv run python -m scripts.variables
"""

import re
from pathlib import Path

from core.settings import VARIABLES, Variable

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
ENV_EXAMPLE = ROOT / ".env.example"
_TABLE = re.compile(r"\| Variable \|.*?\n(?!\|)", re.DOTALL)
# Name, then "-" and the default, or "?" and what to do.
_READ_BY_COMPOSE = re.compile(r"\$\{([A-Z_]+):(.[^}]*)\}")
_HEAD = """\
# Values for compose.yaml: copy this file to .env (chmod 600), then set the first two.
# Written by `make docs` from core/settings.py.
#
# Put a value with $, #, quotes or spaces in single quotes: DB_PASSWORD='a$b "c"'
# (write \\' for a single quote). Variables that are exported in the shell win over this
# file: `docker compose config` shows what is in force.
"""


def readme() -> str:
    """Return the README with the table as the declarations have it."""
    rows = [
        "| Variable | Default | Read by | Meaning |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{v.name}` | {default(v)} | {v.read_by} | {v.meaning} |"
            for v in VARIABLES
        ),
    ]
    table = "\n".join(rows) + "\n"
    return _TABLE.sub(lambda _: table, README.read_text())


def env_example() -> str:
    """Return `.env.example`: what compose requires, then the rest as comments."""
    read = dict(_READ_BY_COMPOSE.findall((ROOT / "compose.yaml").read_text()))
    entries = [
        f"# {v.meaning}\n{mark}{v.name}={value}\n"
        for v in sorted(VARIABLES, key=lambda v: read.get(v.name, "")[:1] != "?")
        if v.name in read
        for mark, value in [
            ("#", read[v.name][1:]) if read[v.name][0] == "-" else ("", "")
        ]
    ]
    return "\n".join([_HEAD, *entries])


def default(variable: Variable[object]) -> str:
    """Return the default as the table shows it."""
    return f"`{variable.default}`" if variable.default else variable.unset


if __name__ == "__main__":
    README.write_text(readme())
    ENV_EXAMPLE.write_text(env_example())
