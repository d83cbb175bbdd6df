"""README and docs are true: every variable, page, command and file that they name.

They and the texts of the program follow one guide: words, sentences, numbers.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.settings import VARIABLES
from metrics.registry import DEFINITIONS
from scripts import definitions, variables

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GAPS = (ROOT / "docs" / "streamlit.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its head."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_variables_of_the_readme_are_those_of_the_settings() -> None:
    assert variables.readme() == README, "run `make docs`"
    named = {cells[0].strip("`") for cells in rows("Variables")}
    assert named == {variable.name for variable in VARIABLES}


def test_the_example_of_an_environment_has_what_compose_reads() -> None:
    example = variables.ENV_EXAMPLE.read_text()
    assert example == variables.env_example(), "run `make docs`"
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    compose = (ROOT / "compose.yaml").read_text()
    assert named == set(re.findall(r"\$\{([A-Z_]+)", compose))


def test_the_readme_names_every_page_and_no_other() -> None:
    titles = re.findall(r', title="([^"]+)"', (ROOT / "pages" / "main.py").read_text())
    assert sorted(cells[0] for cells in rows("Pages")) == sorted(titles)


def test_every_page_file_is_in_the_navigation() -> None:
    main = (ROOT / "pages" / "main.py").read_text()
    files = {path.name for path in (ROOT / "pages").glob("*.py")} - {"main.py"}
    assert files == set(re.findall(r'st\.Page\(\s*"([^"]+)"', main))


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))
    assert named <= targets


def test_no_document_asks_for_a_program_that_make_does_not_install() -> None:
    """Where there is no uv, `scripts/uv` installs one that is not on PATH."""
    bare = re.compile(r"(?<!scripts/)\buv (?:run|sync)\b")
    found = [path for path in TEXTS if bare.search((ROOT / path).read_text())]
    assert [*map(str, found)] == ["tests/web/test_deployment.py"]  # the Dockerfile's


def headings(path: Path) -> set[str]:
    """Return the anchors of a document: its headings, as GitHub writes them."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found}


def test_a_link_of_a_document_leads_somewhere() -> None:
    links = [
        (path, target)
        for path in PROSE
        for target in re.findall(r"\]\(([^)\s:]+)\)", (ROOT / path).read_text())
    ]
    for path, target in links:
        file, _, anchor = target.partition("#")
        there = (ROOT / path).parent / file if file else ROOT / path
        assert there.exists(), (path, target)
        assert not anchor or anchor in headings(there), (path, target)
    assert len(links) > 50


FOREIGN = {
    "of other libraries": {"BaseHTTPMiddleware", "MemoryStorage", "retry_context"},
    "of systems and browsers": {
        *("character_set_server", "getrusage", "ru_maxrss", "toFixed"),
        "Result::unwrap",
    },
    "as users may write them": {"covers_…", "votes_by_hour"},
}
"""Names in back-quotes that are none of ours."""
NAMED = re.compile(r"`(?:python -m )?([A-Za-z_][\w.…]*[\w…](?:::\w+)?)(?:\(\))?`")


def named_in(path: Path) -> set[str]:
    """Return the names in back-quotes of a document, or of docstrings and comments."""
    text = (ROOT / path).read_text()
    if path.suffix == ".md":
        text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    found = NAMED.findall(text)
    # A word is not meant for a name, and may be a value of the database.
    return {name for name in found if re.search(r"[_.:]|[a-z][A-Z]", name)}


def words_of_code() -> set[str]:
    """Return every word of code, without docstrings and comments, and of file names."""
    words = {"fpp", *re.findall(r"\w+", " ".join(map(str, TEXTS)))}
    for path in ROOT.iterdir():
        if path.is_file() and path.suffix not in {".md", ".lock"}:
            words |= {path.name, *re.findall(r"\w+", path.read_text())}
    for folder in ("deploy", "web/assets", ".github", ".streamlit"):
        for path in (ROOT / folder).rglob("*.*"):
            words |= {path.name, *re.findall(r"\w+", path.read_text(errors="ignore"))}
    for path in (path for path in TEXTS if path.suffix == ".py"):
        code = re.sub(r'"""(?s:.*?)"""|`[^`\n]*`', "", (ROOT / path).read_text())
        words |= {*re.findall(r"\w+", code)}
    return words


def test_a_name_in_back_quotes_is_there() -> None:
    words, known = words_of_code(), set[str]().union(*FOREIGN.values())
    found = {
        f"{path}: {name}"
        for path in TEXTS
        # What the definitions name is computed from their tables.
        if path.name not in {"test_docs.py", "definitions.md"}
        if "results" not in path.parts
        for name in named_in(path) - known
        if not words.issuperset(re.findall(r"\w+", name.removesuffix("…")))
    }
    assert found == set()
    assert len(words) > 10_000


def test_a_run_in_a_container_of_its_own_says_what_it_does() -> None:
    """Without a flag the image's own counts, and the container runs for ever."""
    assert 'CMD ["--every"]' in (ROOT / "Dockerfile").read_text()
    texts = [path.read_text() for path in (ROOT / "docs").rglob("*.md")]
    commands = re.findall(r"docker compose run --rm sync\b(.*)", "\n".join(texts))
    assert commands
    assert [found for found in commands if not found.startswith(" --")] == []


def test_files_that_compose_mounts_are_there() -> None:
    """In place of a missing file Docker makes a folder: a database without tables."""
    mounted = re.findall(r"- (\./[^:]+):", (ROOT / "compose.yaml").read_text())
    assert mounted
    assert [path for path in mounted if not (ROOT / path).is_file()] == []


def test_the_page_of_definitions_is_what_the_definitions_say() -> None:
    page = definitions.page()
    assert definitions.PAGE.read_text() == page, "run `make docs`"
    # A bar in a text would be one more cell.
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {7}


def test_the_page_of_gaps_names_files_that_are_there() -> None:
    named = re.findall(r"`((?:ui|web|pages)/[^`]+)`", GAPS)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [
        line for line in lines if line and not line.startswith(("#", "set", "cd"))
    ]
    assert commands == ["exec make test"]
    assert "make test" in README


REPLACED = re.compile(
    r"(?<![a-z])(persons?|people|somebody|nobody|anybody|everybody|whoever|anew|rivals?"
    r"|such(?![ _]as)|rounds?|lies?|stands?(?![ _](?:in|for|out)(?![a-z]))"
    r"|(?:an?|no|each|without|joined|own)[ _]estimates?"
    r"|less[ _]than[ _](?:one|two|three|twenty))(?![a-z])",
    re.IGNORECASE,
)
"""Words that the glossary of docs/architecture.md replaces, and their like."""
ALLOWED = {
    "names that programs know: tables, columns, keys of links": (
        r"[\"'`](?:rounds|people|person|New people|People|insights_people)[\"'`]"
        r"|about=New\+people|Insights: New people|datum\.rounds|\w+_rounds\b"
        r"|\brounds_\w+|\w*round_(?:time|durations|at)\w*|\w*health_people"
        r"|(?:rounds|people)=|\brounds(?= \()|bucket, rounds|row\['people'\]"
        r"|^ +\S.*names one\), people$|person \(the id\)"
    ),
    "files of a store, which keep their names": r"blocks/people|\"people: blocks",
    "what a vote is, as the specification says": r"finished rounds? of estimating",
    "to round a number; a round line": (
        r"\.round\b|\bround\(|`round`|(?:to|and) rounds?\b|Round a float|python_round"
        r"|statistics_round|rounds (?:any|to|them)|multiplies, rounds|rounds_any"
        r"|strokeCap=\"round\"|ROUND_HALF_UP"
    ),
    "words of other programs": r"\"nobody\"|no-such-|No such file|NO_SUCH|lie liepa",
    "the verb": r"One estimates just",
}
"""Reason → where a replaced word is right."""
TEXTS = sorted(
    path.relative_to(ROOT)
    for folder in ROOT.iterdir()
    if not folder.name.startswith(".") or folder.name == ".github"
    for path in (folder.rglob("*") if folder.is_dir() else [folder])
    if path.suffix in {".py", ".md"} and not {"data", "node_modules"} & set(path.parts)
)


def test_code_and_docs_use_the_words_of_the_glossary() -> None:
    allowed = re.compile("|".join(ALLOWED.values()), re.IGNORECASE | re.MULTILINE)
    found = [
        f"{path}: {match[0]}"
        for path in TEXTS
        if path != Path("tests/test_docs.py")
        for match in REPLACED.finditer(allowed.sub("", (ROOT / path).read_text()))
    ]
    assert found == []
    assert len(TEXTS) > 400


@pytest.mark.parametrize("pattern", ALLOWED.values(), ids=ALLOWED.keys())
def test_an_exception_to_the_glossary_is_needed(pattern: str) -> None:
    texts = ((ROOT / path).read_text() for path in TEXTS)
    assert any(re.search(pattern, text, re.MULTILINE) for text in texts)


STYLE = {
    "email": r"\be-mail",
    "ID, not id": r"\b(?:ids?|Ids)\b(?!=)",
    "47.6% without a space": r"\d %(?![\w.(])",
    "an en dash in a range": r"(?<![\w.-])\d{1,3}-\d{1,3}(?![\w.-])",
    "data is": r"\bdata (?:are|were|have|begin)\b",
    "a plain possessive": r"\bof (?:its|their|our|your) own\b",
    "British spelling": (
        r"\b(?:behavior|favor|honor|neighbor|catalog|canceled|labeled|modeled|fulfill"
        r"|(?:anal|catal)yz\w+|(?:custom|initial|memor|minim|maxim|normal|optim|organ"
        r"|recogn|serial|summar|synchron|visual)iz\w+)"
    ),
    "plain verbs": r"\b(?:tells?|told|(?<!are )(?<!is )said so)\b",
}
"""What a text should have instead → the pattern of what it must not have."""
ROOMS = ("core", "metrics", "pages", "store", "sync", "ui", "web")
SOURCES = [path for path in TEXTS if path.parts[0] in {*ROOMS, "app.py", "sync_job.py"}]
PROSE = [path for path in TEXTS if path.suffix == ".md" and "results" not in path.parts]


def calls(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the texts given to each call of a module: function or keyword, text, line.

    A text has a blank; what is filled in is "{}".
    """
    for call in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(call, ast.Call):
            given = [(ast.unparse(call.func), each) for each in call.args]
            given += [(f"{word.arg}=", word.value) for word in call.keywords]
            for name, each in given:
                if isinstance(each, ast.Constant | ast.JoinedStr):
                    text = text_of(each)
                    if " " in text:
                        yield name, text, call.lineno


def text_of(node: ast.Constant | ast.JoinedStr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
    )


@cache
def words_of(path: Path) -> str:
    """Return what a reader sees of a file: prose without code, or texts with blanks."""
    text = (ROOT / path).read_text()
    if path.suffix == ".md":
        return re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?:\S+", "", text, flags=re.S)
    tree = ast.parse(text)
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in docs
    ]
    return "\n".join(
        re.sub(r"`[^`]*`", "", text)
        for text in found
        if isinstance(text, str) and " " in text
    )


@pytest.mark.parametrize("instead", STYLE)
def test_texts_follow_the_guide(instead: str) -> None:
    pattern = re.compile(STYLE[instead])
    found = [
        f"{path}: {match[0]}"
        for path in (*SOURCES, *PROSE)
        for match in pattern.finditer(words_of(path))
    ]
    assert found == []
    assert len(SOURCES) > 100
    assert len(PROSE) > 15


SENTENCES = re.compile(
    r"st\.(?:caption|info|warning|error)|(?:query_params\.)?warn|hint=|help=|note="
    r"|_?log(?:ger)?\.(?:info|warning|error)"
    r"|(?:Setting|Store|EmailService|Heartbeat)Error"
)
"""Functions and keywords whose texts are sentences."""
PHRASES = (
    r"^A (?:sheet|CSV) per table, .*"  # what a button gives
    r"|.*[:(%] ?[^.]*(?:%[sd]\)?|base64 32)"  # ends with what was found, or a command
    r"|(?:run|compare|re-read|accept) .*"  # of `--help`, as argparse writes its own
)


def test_a_message_is_a_sentence_with_a_full_stop() -> None:
    found = [
        f"{path}:{line}: {text}"
        for path in SOURCES
        for name, text, line in calls(path)
        if SENTENCES.fullmatch(name)
        and not text.rstrip().endswith((".", ":", "{}"))
        and not re.fullmatch(PHRASES, text, re.DOTALL)
    ]
    assert found == []


LONG_TITLES = re.compile(r"Total .*|.*, avg of 30|Returning .*, active|Matching est.*")


def test_a_metric_has_a_short_name_and_a_share_says_of_what() -> None:
    for number in DEFINITIONS.values():
        assert len(number.title) <= 18 or LONG_TITLES.fullmatch(number.title)
        counts = number.unit in {"count", "share"}
        # A count and a share of one name would be one column to a reader.
        assert counts or not number.title.endswith("(n)"), number.title
    shares = [n for n in DEFINITIONS.values() if n.key.endswith(("_share", "_rate"))]
    assert [n.key for n in shares if not n.formula.startswith("Share of ")] == []


def test_make_checks_everything_and_names_the_dates_on_which_tests_failed() -> None:
    def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = ["make", *arguments]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False
        )

    checks = make("--dry-run", "check").stdout
    for tool in ("ruff format --check", "ruff check", "mypy .", "pytest tests/speed"):
        assert tool in checks
    # Nothing is installed, and no test runs.
    dates = "2027-01-01T00:10 2028-02-29T12:00"
    failed = make("-o", "setup", "-o", "tools", "dates", "RUN=false", f"DATES={dates}")
    assert failed.returncode != 0
    assert f"Failed on: {dates}" in failed.stderr
