"""Runs MLflow's command line against a server; argv: the server's URL. Prints one JSON object of what each command said.

The commands are called in this process, as starting Python for each would take minutes.
"""

import csv
import json
import os
import pathlib
import re
import sys
import tempfile
import time

url = sys.argv[1]
os.environ["MLFLOW_TRACKING_URI"] = url

from click.testing import CliRunner
from mlflow.cli import cli

seen = {}
folder = pathlib.Path(tempfile.mkdtemp())


def run(name, *words):
    result = CliRunner().invoke(cli, [str(word) for word in words])
    said = result.output.strip()
    if result.exit_code != 0 and result.exception is not None:
        said = f"{said} {type(result.exception).__name__}: {result.exception}".strip()
    seen[name] = [result.exit_code, said]
    return said


def last_word(text, pattern):
    found = re.search(pattern, text)
    return found.group(1) if found else "none"


experiment = last_word(run("create", "experiments", "create", "-n", "by cli ✓"), r"with id (\d+)")
second = last_word(run("create second", "experiments", "create", "-n", "second", "-l", f"file://{folder}/elsewhere"), r"with id (\d+)")
run("create again", "experiments", "create", "-n", "second")
run("search", "experiments", "search")
run("get", "experiments", "get", "--experiment-id", experiment)
run("get by name", "experiments", "get", "--experiment-name", "second", "--output", "json")
run("rename", "experiments", "rename", "-x", second, "--new-name", "renamed")
run("delete", "experiments", "delete", "-x", second)
run("search deleted", "experiments", "search", "-v", "deleted_only")
run("search all, two at most", "experiments", "search", "-v", "all", "--max-results", "2")
run("rename deleted", "experiments", "rename", "-x", second, "--new-name", "again")
run("restore", "experiments", "restore", "-x", second)
run("delete unknown", "experiments", "delete", "-x", "987654")

created = run(
    "create run", "runs", "create", "--experiment-id", experiment, "--run-name", "first", "--description", "a note",
    "-t", "team=quant", "--status", "FAILED",
)
run_id = last_word(created, r'"run_id": "([0-9a-f]{32})"')
time.sleep(1.1)  # `runs list` sorts by the second, and by name within one
child = run("create child", "runs", "create", "--experiment-name", "by cli ✓", "--parent-run-id", run_id, "--run-name", "child")
child_id = last_word(child, r'"run_id": "([0-9a-f]{32})"')
run("list", "runs", "list", "--experiment-id", experiment)
described = json.loads(run("describe", "runs", "describe", "--run-id", run_id))
seen["describe"] = [described["info"]["status"], described["info"]["run_name"], described["data"]["tags"]]
run("delete run", "runs", "delete", "--run-id", child_id)
run("list deleted", "runs", "list", "--experiment-id", experiment, "-v", "deleted_only")
run("restore run", "runs", "restore", "--run-id", child_id)
run("describe unknown", "runs", "describe", "--run-id", "f" * 32)
run("csv", "experiments", "csv", "-x", experiment, "-o", folder / "runs.csv")
with open(folder / "runs.csv", newline="") as file:
    rows = list(csv.DictReader(file))
seen["csv"] = sorted([row["status"], row["tags.mlflow.runName"], row.get("tags.team", "")] for row in rows)

(folder / "one.txt").write_text("one ✓")
(folder / "many/deep").mkdir(parents=True)
(folder / "many/a b.txt").write_text("two")
(folder / "many/deep/ü.bin").write_bytes(bytes(range(256)))
run("log artifact", "artifacts", "log-artifact", "-l", folder / "one.txt", "-r", run_id, "-a", "notes")
run("log artifacts", "artifacts", "log-artifacts", "-l", folder / "many", "-r", run_id)
run("list artifacts", "artifacts", "list", "-r", run_id)
run("list below", "artifacts", "list", "-r", run_id, "-a", "deep")
run("download", "artifacts", "download", "-r", run_id, "-d", folder / "all")
run("download one", "artifacts", "download", "-u", f"runs:/{run_id}/notes/one.txt", "-d", folder / "single")
run("download unknown", "artifacts", "download", "-r", run_id, "-a", "nowhere.txt", "-d", folder / "none")
seen["downloaded"] = sorted(
    [str(path.relative_to(folder)), path.stat().st_size] for name in ("all", "single")
    for path in (folder / name).rglob("*") if path.is_file()
)
run("doctor", "doctor", "--mask-envs")
seen["doctor"] = seen["doctor"][0]
text = json.dumps(seen, ensure_ascii=False, sort_keys=True).replace(str(folder), "<folder>").replace(url, "<server>")
for pattern, word in {
    r"[0-9a-f]{32}": "<id>",
    r"\d{13}": "<ms>",
    r"\d{4}([-/])\d\d\1\d\d \d\d:\d\d:\d\d": "<time>",
}.items():
    text = re.sub(pattern, word, text)
print(text)
