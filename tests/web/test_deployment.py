"""The images and the composition keep their promises, read as data."""

import ast
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from core.settings import VARIABLES
from sync.plan import Policy
from testkit.dashboard import ROOT
from tests.test_architecture import MAY_IMPORT, imported, rooms_reached, sources
from tests.web.image_files import (
    DOCKERFILE,
    OURS,
    SERVICES,
    STAGES,
    copied,
    instructions,
    last,
    variables,
)
from web.auth.login import MAX_FORM


@pytest.mark.parametrize(
    ("stage", "entry"), [("dashboard", ["app", "pages"]), ("sync", ["sync_job"])]
)
def test_an_image_has_the_rooms_that_its_program_reaches_and_no_more(
    stage: str, entry: list[str]
) -> None:
    rooms = set().union(*(rooms_reached(room) for room in entry))
    names = {name.removesuffix(".py") for name in copied(stage)}
    assert names - {".streamlit", "deploy/healthcheck"} == rooms


@pytest.mark.parametrize("stage", OURS)
def test_what_an_image_copies_is_there_and_not_ignored(stage: str) -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    kept = [line[1:] for line in ignore if line.startswith("!")]
    for name in copied(stage):
        assert (ROOT / name).exists()
        inside = name if "." in Path(name).name[1:] else f"{name}/x"
        inside = f"{name}/config.toml" if name == ".streamlit" else inside
        assert any(fnmatch.fnmatch(inside, pattern) for pattern in kept), name


@pytest.mark.parametrize("stage", OURS)
def test_an_image_runs_without_root_and_has_a_health_check(stage: str) -> None:
    body = STAGES[stage]
    assert "USER 10001\n" in body
    assert f'CMD ["python", "deploy/healthcheck.py", "{stage}"]' in body
    # What it starts is in it.
    assert {*re.findall(r'"([\w/]+\.py)"', body)} <= copied(stage)
    assert not re.search(
        r"\b(apt-get|pip install|gcc|curl|uv)\b", STAGES["base"] + body
    )


START = {
    "dashboard": {"CMD": ["streamlit", "run", "app.py"]},
    "sync": {"ENTRYPOINT": ["python", "sync_job.py"], "CMD": ["--every"]},
}


@pytest.mark.parametrize("stage", OURS)
def test_an_image_starts_its_program_with_its_own_packages(stage: str) -> None:
    """Read from the file: images are built where there is time for them."""
    started = {
        keyword: json.loads(argument)
        for keyword, argument in instructions(stage)
        if keyword in {"CMD", "ENTRYPOINT"}
    }
    assert started == START[stage]
    assert f"COPY --from=build-{stage} /app/.venv .venv\n" in STAGES[stage]
    assert last("base", "WORKDIR") == last("build", "WORKDIR") == "/app"
    given = variables(stage)
    assert given["PATH"].startswith("/app/.venv/bin:")
    # The rest of the file system is read-only.
    assert given["PYTHONDONTWRITEBYTECODE"] == given["PYTHONUNBUFFERED"] == "1"
    assert SERVICES[stage]["tmpfs"] == [given["HOME"]] == ["/tmp"]  # noqa: S108
    assert "useradd --uid 10001 " in STAGES["base"]
    assert "--owner=fpp --group=fpp /data /state\n" in STAGES["base"]


def test_the_image_of_the_dashboard_listens_for_its_proxy() -> None:
    assert variables("dashboard")["STREAMLIT_SERVER_ADDRESS"] == "0.0.0.0"  # noqa: S104
    assert last("dashboard", "EXPOSE") == "8501"
    assert ".streamlit" in copied("dashboard")


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def exported(group: str) -> set[str]:
    """Return the packages that uv would install for an image."""
    command = [str(ROOT / "scripts" / "uv"), "export", "--frozen", "--no-hashes"]
    done = subprocess.run(
        [*command, "--no-default-groups", "--group", group, "--no-annotate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"^([\w.-]+)==", done.stdout, re.MULTILINE))


def test_the_dashboard_has_no_driver_for_the_database() -> None:
    assert "mysql-connector-python" not in exported("dashboard")
    assert "COPY --from=build-dashboard" in STAGES["dashboard"]


def test_the_sync_job_brings_nothing_of_the_pages() -> None:
    packages = exported("sync")
    assert {"polars", "mysql-connector-python", "sentry-sdk", "httpx"} <= packages
    assert not packages & {"streamlit", "altair", "pandas", "pyarrow", "numpy"}
    assert len(packages) < 16


def modules_reached(entry: list[str]) -> set[Path]:
    """Return the modules that a program imports, of rooms that it may share in part."""
    reached, to_see = set[Path](), {path for room in entry for path in sources(room)}
    while to_see:
        seen = to_see.pop()
        reached.add(seen)
        for node in ast.walk(ast.parse(seen.read_text())):
            if isinstance(node, ast.ImportFrom):
                base = ROOT / (node.module or "").replace(".", "/")
                names = {base.with_suffix(".py"), base / "__init__.py"}
                names |= {base / f"{alias.name}.py" for alias in node.names}
                to_see |= {path for path in names if path.exists()} - reached
    return reached


def test_every_package_that_an_image_imports_is_declared_for_it() -> None:
    provides = {"sentry_sdk": "sentry-sdk", "mysql": "mysql-connector-python"}
    for group, entry in (("dashboard", ["app", "pages"]), ("sync", ["sync_job"])):
        lines = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"][group]
        declared = {re.split("[<>=]", line)[0] for line in lines}
        names = {
            name for path in modules_reached(entry) for name in imported(path)
        } - set(sys.stdlib_module_names)
        # Only with the optional extra: store/engine.py names the command.
        outside = names - {"polars_cloud"} - MAY_IMPORT.keys()
        assert {provides.get(name, name) for name in outside} == declared, group


def test_the_version_is_the_same_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert f"ARG VERSION={version}\n" in STAGES["base"]
    assert "org.opencontainers.image.version=${VERSION}" in STAGES["base"]
    images = [SERVICES[name]["image"] for name in OURS]
    assert images == [f"fpp-analytics:{version}", f"fpp-analytics-sync:{version}"]


def test_the_image_and_the_project_have_the_same_python() -> None:
    [version] = re.findall(r"^ARG PYTHON=python:([\d.]+)-", DOCKERFILE, re.MULTILINE)
    assert version == (ROOT / ".python-version").read_text().strip()


@pytest.mark.parametrize("stage", OURS)
def test_the_umask_of_a_clone_does_not_reach_the_image(stage: str) -> None:
    steps = list(instructions(stage))
    after = max(n for n, (keyword, _) in enumerate(steps) if keyword == "COPY")
    assert ("RUN", "chmod -R a+rX") in {
        (keyword, argument[:13]) for keyword, argument in steps[after:]
    }
    assert [keyword for keyword, _ in steps].index("USER") > after


@pytest.mark.parametrize("name", OURS)
def test_the_health_check_of_the_image_is_the_one_of_the_composition(name: str) -> None:
    [text] = re.findall(r"HEALTHCHECK(.*?CMD \[.*?\])", STAGES[name], re.DOTALL)
    check = SERVICES[name]["healthcheck"]
    assert json.loads(text.partition("CMD ")[2]) == check["test"][1:]
    # It says itself what is wrong, before its time is over.
    [own] = re.findall(r"timeout=(\d+)", (ROOT / "deploy/healthcheck.py").read_text())
    assert int(own) < int(check["timeout"].removesuffix("s"))
    for option in ("interval", "timeout", "start_period", "retries"):
        assert f"--{option.replace('_', '-')}={check[option]}" in text


def test_the_database_to_try_starts_empty_each_time() -> None:
    assert SERVICES["mariadb"]["tmpfs"] == ["/var/lib/mysql"]


def test_the_umask_of_a_clone_does_not_close_the_schema_to_the_database_to_try(
    tmp_path: Path,
) -> None:
    """The image reads it as its own user."""
    database = SERVICES["mariadb"]
    [(source, target, _)] = (mount.split(":") for mount in database["volumes"])
    schema, folder = tmp_path / "schema.sql", tmp_path / "initdb"
    shutil.copy(ROOT / source, schema)
    schema.chmod(0o600)
    folder.mkdir()
    entrypoint = tmp_path / "docker-entrypoint.sh"
    entrypoint.write_text(f"#!/bin/sh\nstat --format %a '{folder}'/*; echo $*\n")
    entrypoint.chmod(0o755)
    command = [
        part.replace("/docker-entrypoint-initdb.d/", f"'{folder}'/").replace(
            f" {target}", f" '{schema}'"
        )
        for part in database["entrypoint"]
    ]
    path = f"{tmp_path}:{os.environ['PATH']}"
    said = subprocess.check_output(command, env={"PATH": path}, text=True)
    assert said.split() == ["644", "mariadbd"]


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    found = subprocess.run(
        [str(linter), "--failure-threshold", "style", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_packages_come_locked() -> None:
    builds = [body for name, body in STAGES.items() if name.startswith("build-")]
    assert all("uv sync --frozen --no-default-groups" in body for body in builds)
    [installed] = [line for _, line in instructions("build") if "pip install" in line]
    assert re.search(r"uv==[\d.]+\s+--hash=sha256:[0-9a-f]{64}\s", installed)
    assert "--require-hashes" in installed


def test_actions_are_pinned_to_a_commit() -> None:
    workflows = (ROOT / ".github" / "workflows").glob("*.yml")
    used = re.findall(r"uses: (\S+)", "".join(path.read_text() for path in workflows))
    assert len(used) > 6
    assert [name for name in used if not re.search(r"@[0-9a-f]{40}$", name)] == []


def test_the_images_of_a_pull_request_are_built_from_its_merge(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
        command += ["-C", str(tmp_path / "hub" / "fpp"), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    (tmp_path / "hub" / "fpp").mkdir(parents=True)
    (tmp_path / "runner").mkdir()
    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "--message=before")
    (tmp_path / "hub" / "fpp" / "new").write_text("")
    git("add", "new")
    git("commit", "--quiet", "--message=merge")
    merged = git("rev-parse", "HEAD")
    git("update-ref", "refs/pull/1/merge", merged)
    git("reset", "--hard", "--quiet", "HEAD~1")
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    for step in yaml.safe_load(workflow)["jobs"]["images"]["steps"]:
        if "git" in step["run"]:
            variables = {
                "GITHUB_SERVER_URL": f"file://{tmp_path}/hub",
                "GITHUB_REPOSITORY": "fpp",
                "GITHUB_SHA": merged,
            }
            subprocess.run(
                ["bash", "-ec", step["run"]],
                cwd=tmp_path / "runner",
                env=os.environ | variables,
                check=True,
                capture_output=True,
            )
    assert (tmp_path / "runner" / "new").stat().st_mode & 0o777 == 0o600


def test_both_proxies_end_slow_and_large_requests_alike() -> None:
    """Read from the files: to wait for the limits would take longer than they."""
    nginx = (ROOT / "deploy" / "nginx.conf").read_text()
    caddy = (ROOT / "deploy" / "Caddyfile").read_text()
    slow = re.findall(r"client_(header|body)_timeout (\d+)s;", nginx)
    assert slow == re.findall(r"read_(header|body) (\d+)s\n", caddy)
    assert [kind for kind, seconds in slow if int(seconds) <= 10] == ["header", "body"]
    [large] = re.findall(r"client_max_body_size (\d+)k;", nginx)
    assert re.findall(r"max_size (\d+)KB\n", caddy) == [large]
    # The largest form of ours still passes.
    assert MAX_FORM < int(large) * 1000 <= 1_000_000


BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocked())
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *{tests}]))
"""


def test_every_page_works_without_the_packages_that_the_image_leaves_out() -> None:
    left_out = re.findall(r"--no-install-package (\S+)", STAGES["build-dashboard"])
    imported_as = {"python-dateutil": "dateutil", "charset-normalizer": ""}
    names = {imported_as.get(name, name) for name in left_out} - {""}
    assert "pandas" in names
    pages = str(ROOT / "tests" / "pages" / "test_pages.py")
    tests = [f"{pages}::test_a_page_shows_full_data"]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(names=names, tests=tests)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert (service["init"], service["read_only"]) == (True, True)
    assert service["restart"] == "unless-stopped"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit"} <= service.keys()
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
    assert service["build"] == {"context": ".", "target": name}


def test_the_dashboard_reads_the_store_and_the_sync_job_writes_it() -> None:
    assert SERVICES["dashboard"]["volumes"] == ["store:/data:ro", "state:/state"]
    assert SERVICES["sync"]["volumes"] == ["store:/data"]
    folders = set(re.findall(r"[A-Z]+_DIR=/\w+", DOCKERFILE))
    assert folders == {"DATA_DIR=/data", "STATE_DIR=/state"}
    # What the last statement of a run may take.
    assert SERVICES["sync"]["stop_grace_period"] == f"{Policy().statement_seconds}s"


def test_dashboard_and_database_share_no_network() -> None:
    assert SERVICES["dashboard"]["networks"] == ["proxy"]
    assert (
        SERVICES["sync"]["networks"] == SERVICES["mariadb"]["networks"] == ["database"]
    )


def test_only_this_machine_reaches_the_port_of_the_dashboard() -> None:
    assert SERVICES["dashboard"]["ports"] == ["127.0.0.1:${PORT:-8501}:8501"]
    assert "ports" not in SERVICES["sync"]
    assert "ports" not in SERVICES["mariadb"]


@pytest.mark.parametrize(
    ("service", "reader"), [("dashboard", "dashboard"), ("sync", "sync job")]
)
def test_a_service_gets_the_variables_that_it_reads_and_no_other(
    service: str, reader: str
) -> None:
    given = set(SERVICES[service]["environment"])
    read = {v.name for v in VARIABLES if v.read_by in {reader, "both"}}
    # The images set both folders to volumes, and have no client of a cluster.
    elsewhere = {n for n in read if n.startswith(("AWS_", "ENGINE"))}
    elsewhere |= {"DATA_DIR", "STATE_DIR"}
    assert given - {"STREAMLIT_SERVER_BASE_URL_PATH"} == read - elsewhere
    # What is not set is what a start without the composition would have.
    defaults = {v.name: v.default for v in VARIABLES} | {
        "SENTRY_ENVIRONMENT": "production"
    }
    for name in given & read:
        value = str(SERVICES[service]["environment"][name]).partition(":")[2]
        assert value[0] == "?" or value == f"-{defaults[name]}}}", name


def test_the_database_to_try_is_only_there_when_asked_for() -> None:
    assert SERVICES["mariadb"]["profiles"] == ["try"]


def composed(*files: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Let the real program read the composition, as `up` would; no engine needed."""
    own = shutil.which("docker-compose")
    program = [own] if own else ["docker", "compose"]
    options = [word for file in files for word in ("--file", str(file))]
    return subprocess.run(
        [*program, *options, "--profile", "try", "config"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_composition_is_one_that_the_program_accepts() -> None:
    done = composed(ANALYTICS_SECRET_TOKEN="t" * 20, DB_PASSWORD="p" * 20, PORT="8600")
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert services.keys() == {"dashboard", "sync", "mariadb"}
    assert "p" * 20 not in str(services["dashboard"])
    assert "t" * 20 not in str(services["sync"])


@pytest.mark.parametrize("secret", ["ANALYTICS_SECRET_TOKEN", "DB_PASSWORD"])
def test_without_a_secret_the_composition_does_not_start(secret: str) -> None:
    given = {"ANALYTICS_SECRET_TOKEN": "t" * 20, "DB_PASSWORD": "p" * 20}
    done = composed(**{name: given[name] for name in given if name != secret})
    assert done.returncode != 0
    assert "set " in done.stderr


def block(language: str, holding: str) -> str:
    """Return the block of the deployment page with a text in it."""
    page = (ROOT / "docs" / "deployment.md").read_text()
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```", page, re.M | re.S)
    [found] = [text for text in blocks if holding in text]
    return str(found)


def test_the_networks_of_the_page_can_be_laid_over_the_composition(
    tmp_path: Path,
) -> None:
    override = tmp_path / "override.yaml"
    override.write_text(block("yaml", "external"))
    secrets = {"ANALYTICS_SECRET_TOKEN": "t" * 20, "DB_PASSWORD": "p" * 20}
    done = composed(ROOT / "compose.yaml", override, **secrets)
    assert done.returncode == 0, done.stderr
    networks = yaml.safe_load(done.stdout)["networks"]
    assert {name: network["name"] for name, network in networks.items()} == {
        "database": "fpp_default",
        "proxy": "web",
    }


def test_the_values_of_the_page_are_ones_that_the_composition_takes() -> None:
    named = re.findall(r"^ *([A-Z_]+)=", block("sh", "DB_HOST"), re.M)
    taken = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    assert len(named) == 6
    assert set(named) <= taken


def test_the_page_says_where_health_is_below_the_path_of_its_values() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text()
    [base] = re.findall(r"^ *BASE_URL_PATH=(\w+)", block("sh", "DB_HOST"), re.M)
    found = set(re.findall(r"https?://[^\s`]+/health", page))
    below = {address for address in found if address.endswith(f"/{base}/health")}
    assert len(found) == 4
    assert below == {a.replace("/health", f"/{base}/health") for a in found - below}


def healthcheck(kind: str, **variables: str) -> int:
    """Return its exit code; what is wrong is printed, in one line."""
    command = [sys.executable, "-S", str(ROOT / "deploy" / "healthcheck.py"), kind]
    ended = subprocess.run(
        command, env=variables, check=False, capture_output=True, text=True
    )
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == ended.returncode, ended.stderr
    assert not ended.stderr or ended.stderr.startswith(f"{kind}: ")
    return ended.returncode


@pytest.mark.parametrize(
    ("base", "path", "code"),
    [
        ("", "/health", 0),
        ("analytics", "/analytics/health", 0),
        ("/analytics/", "/analytics/health", 0),
        ("analytics", "/health", 1),
    ],
)
def test_the_health_check_of_the_dashboard_asks_where_it_is(
    base: str, path: str, code: int
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == path else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        port = str(server.server_address[1])
        found = healthcheck(
            "dashboard",
            STREAMLIT_SERVER_PORT=port,
            STREAMLIT_SERVER_BASE_URL_PATH=base,
            # Docker hands a proxy of its settings to every container.
            http_proxy=f"http://127.0.0.1:{port}",
        )
        thread.join()
    assert found == code


def test_a_dashboard_that_does_not_answer_is_unwell() -> None:
    assert healthcheck("dashboard", STREAMLIT_SERVER_PORT="1") == 1


def test_a_sync_job_is_unwell_after_three_missed_intervals(tmp_path: Path) -> None:
    variables = {"DATA_DIR": str(tmp_path), "SYNC_INTERVAL": "600"}
    assert healthcheck("sync", **variables) == 1
    published = tmp_path / "CURRENT"
    published.write_text("x")
    assert healthcheck("sync", **variables) == 0
    for age, code in ((1_700, 0), (1_900, 1)):
        at = time.time() - age
        os.utime(published, (at, at))
        assert healthcheck("sync", **variables) == code
        assert healthcheck("sync", **variables | {"SYNC_INTERVAL": " "}) == code
