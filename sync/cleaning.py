"""What a run leaves behind: old generations, orphans, a demo."""

from collections.abc import Sequence
from pathlib import Path

from core.errors import logger
from metrics.tables import Table
from store.manifest import CURRENT, MANIFESTS, Manifest, ManifestError
from sync.policy import Policy
from sync.vault import Vault

DEMO_MARKER = "DEMO"


def collect_garbage(vault: Vault, policy: Policy, now: float) -> None:
    """Keep the newest generations and whatever is young; remove the rest.

    `now` is in seconds since 1970. A reader opens the state in force, so what was
    in force within the last hour may still be read.
    """
    oldest = now - policy.keep_seconds
    if all(_is_young(path, oldest) for path in (vault.root / MANIFESTS).glob("*")):
        return  # every state is kept; what a crash left behind can wait
    kept = _kept(vault.root, policy.keep_generations, oldest)
    wanted = {vault.root / MANIFESTS / name for name in kept} | {
        vault.root / block.file
        for manifest in kept.values()
        for block in manifest.files
    }
    vault.discard(lambda path: path not in wanted and not _is_young(path, oldest))


def leave_plain_files(vault: Vault, tables: Sequence[Table]) -> None:
    """Remove a demo, which is no longer read; leave anybody else's files alone."""
    marker = vault.root / DEMO_MARKER
    if not marker.exists():
        return
    for path in (*(vault.root / table.file_name for table in tables), marker):
        vault.disk.remove(path)
    logger.info("the demo's files are removed: the store holds real data now")


def tell_of_plain_files(vault: Vault, tables: Sequence[Table]) -> None:
    """Say once, at the first sync, which files are no longer read."""
    names = [t.file_name for t in tables if (vault.root / t.file_name).exists()]
    if names and not (vault.root / DEMO_MARKER).exists():
        logger.info("no longer read, and yours to remove: %s", ", ".join(names))


def _is_young(path: Path, oldest: float) -> bool:
    return path.stat().st_mtime >= oldest


def _kept(root: Path, generations: int, oldest: float) -> dict[str, Manifest]:
    """Return what is in force, what was so lately, and the newest generations."""
    manifests = _manifests(root)
    newest = {m.generation: name for name, m in sorted(manifests.items())}
    names = {newest[number] for number in sorted(newest)[-generations:]}
    names.add((root / CURRENT).read_text().strip())
    names |= {n for n in manifests if _is_young(root / MANIFESTS / n, oldest)}
    return {name: manifests[name] for name in names}


def _manifests(root: Path) -> dict[str, Manifest]:
    found = {}
    for path in (root / MANIFESTS).glob("*.json"):
        try:
            found[path.name] = Manifest.from_json(path.read_text())
        except (ManifestError, UnicodeDecodeError):
            continue  # cut off by a crash while it was written: nobody's
    return found
