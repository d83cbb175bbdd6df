import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WARM_UP = """
import gc, sys
from datetime import datetime
from pathlib import Path
from ui.warm_up import warm_up
warm_up(Path(sys.argv[1]), datetime(2026, 11, 20, 18))
print(gc.get_freeze_count(), len(gc.get_objects()))
"""


def objects_after_the_warm_up(data_dir: Path) -> tuple[int, int]:
    """Return how many objects are set aside, and how many are still looked at."""
    said = subprocess.run(
        [sys.executable, "-c", WARM_UP, str(data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    aside, left = said.stdout.split()
    return int(aside), int(left)


def test_what_is_loaded_by_then_is_no_longer_collected() -> None:
    aside, left = objects_after_the_warm_up(ROOT / "tests" / "golden")
    assert aside > 100_000
    assert left < aside / 50


def test_a_store_that_cannot_be_read_changes_nothing_in_that(tmp_path: Path) -> None:
    (tmp_path / "fpp_votes.parquet").write_text("no Parquet")
    aside, left = objects_after_the_warm_up(tmp_path)
    assert left < aside / 50


def test_rows_that_cannot_be_read_are_left_to_the_pages(tmp_path: Path) -> None:
    for path in (ROOT / "tests" / "golden").glob("*.parquet"):
        whole = path.read_bytes()
        footer = whole[-int.from_bytes(whole[-8:-4], "little") - 8 :]
        noise = b"\xff" * (len(whole) - len(footer) - 4)
        (tmp_path / path.name).write_bytes(b"PAR1" + noise + footer)
    aside, left = objects_after_the_warm_up(tmp_path)
    assert left < aside / 50
