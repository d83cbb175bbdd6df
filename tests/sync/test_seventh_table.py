"""A seventh table is one entry in `metrics/tables.py`: here it is added, and copied."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import on_one_kind
from tests.sync.processes import ROOT, environment

ENTRY = """
FEEDBACK = Table(
    name="fpp_feedback",
    columns=(
        Column("id", _ROW_ID),
        Column("text", _TEXT, nullable=True),
        Column("stars", pl.Decimal(3, 1)),
        Column("sent_at", TIMESTAMP),
    ),
    key="id",
    time="sent_at",
    blocks=Blocks.KEY_RANGE,
)

TABLES:"""
READ = (
    "from pathlib import Path; import sys; from store.reader import open_store; "
    "rows = open_store(Path(sys.argv[1])).frames.by_name['fpp_feedback'].collect(); "
    "print(rows.drop('sent_at').rows())"
)


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    """The product's sources with one more entry."""
    tree = tmp_path / "sources"
    for path in ROOT.glob("*.py"):
        tree.mkdir(exist_ok=True)
        shutil.copy(path, tree)
    for room in ("sync", "metrics", "store", "core"):
        shutil.copytree(ROOT / room, tree / room)
    tables = tree / "metrics" / "tables.py"
    text = tables.read_text()
    assert text.count("\nTABLES:") == text.count(", ESTIMATIONS)\n") == 1
    text = text.replace("\nTABLES:", ENTRY)
    tables.write_text(text.replace(", ESTIMATIONS)\n", ", ESTIMATIONS, FEEDBACK)\n"))
    return tree


def python(tree: Path, store: Store, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment(store),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@on_one_kind
def test_a_seventh_table_is_one_entry(
    database: LiveDatabase, store: Store, seven: Path
) -> None:
    database.execute(
        "CREATE TABLE fpp_feedback (id bigint unsigned PRIMARY KEY, text text, "
        "stars decimal(3,1) NOT NULL, sent_at timestamp NOT NULL)"
    )
    database.execute(
        "INSERT INTO fpp_feedback (id, text, stars, sent_at) "
        "VALUES (1, 'fine', 4.5, NOW()), (2, NULL, 5, NOW())"
    )
    said = python(seven, store, "sync_job.py")
    assert "fpp_feedback: 2 rows, 2 new" in said
    assert "Synced 7 tables" in said
    read = python(seven, store, "-c", READ, str(store.root))
    assert read == "[(1, 'fine', Decimal('4.5')), (2, None, Decimal('5.0'))]\n"
    assert "fpp_feedback: equal to the database" in python(
        seven, store, "sync_job.py", "--verify"
    )
