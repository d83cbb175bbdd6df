"""The live tables held against their descriptions, all at once."""

from collections.abc import Sequence

from metrics.tables import Table
from sync.contract import ignored, offences
from sync.faults import ContractError
from sync.source import Source


def check_contract(tables: Sequence[Table], source: Source) -> tuple[str, ...]:
    """Return the live columns that are not copied; raise ContractError."""
    broken: list[str] = []
    left_out: list[str] = []
    for table in tables:
        live = source.columns(table)
        if live is None:
            broken.append(f"{table.name} is missing, or SELECT on it is not granted")
        else:
            broken += offences(table, live)
            left_out += ignored(table, live)
    if broken:
        raise ContractError(broken)
    return tuple(left_out)
