"""What a published run leaves behind: old generations, a demo, orphans."""

from collections.abc import Mapping
from pathlib import Path

from errors import logger
from manifest import MANIFESTS, Manifest, ManifestError
from metrics.tables import Table
from sync.policy import Policy
from sync.vault import SUSPECTS, Vault

DEMO_MARKER = "DEMO"


def clean(vault: Vault, tables: tuple[Table, ...], policy: Policy, now: float) -> None:
    """Remove what no reader can still want; `now` in seconds since 1970."""
    vault.disk.remove(vault.root / SUSPECTS)
    collect_garbage(vault, policy, now)
    leave_plain_files(vault, tables)


def collect_garbage(vault: Vault, policy: Policy, now: float) -> None:
    """Keep the newest generations, and whatever is young; remove the rest."""
    kept = _kept(_manifests(vault.root), policy.keep_generations)
    wanted = {vault.root / MANIFESTS / name for name in kept} | {
        vault.root / block.file
        for manifest in kept.values()
        for blocks in manifest.tables.values()
        for block in blocks
    }
    oldest = now - policy.keep_seconds
    vault.discard(lambda path: path not in wanted and path.stat().st_mtime < oldest)


def leave_plain_files(vault: Vault, tables: tuple[Table, ...]) -> None:
    """Remove a demo's files, which are no longer read; say so of anybody else's."""
    plain = [vault.root / t.file_name for t in tables]
    there = [path for path in plain if path.exists()]
    marker = vault.root / DEMO_MARKER
    if marker.exists():
        for path in [*there, marker]:
            vault.disk.remove(path)
        logger.info("the demo's files are removed: the store holds real data now")


def _kept(manifests: Mapping[str, Manifest], generations: int) -> dict[str, Manifest]:
    """Return the newest manifest of each of the newest generations."""
    newest: dict[int, str] = {}
    for name, manifest in sorted(manifests.items()):
        newest[manifest.generation] = name
    return {newest[g]: manifests[newest[g]] for g in sorted(newest)[-generations:]}


def _manifests(root: Path) -> dict[str, Manifest]:
    found = {}
    for path in (root / MANIFESTS).glob("*.json"):
        try:
            found[path.name] = Manifest.from_json(path.read_text())
        except (ManifestError, UnicodeDecodeError):
            continue
    return found
