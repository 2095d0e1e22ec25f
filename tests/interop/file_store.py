"""MLflow's file store, made and read by MLflow itself.

argv: `make DIR` fills a store by the client; `unrepeat DIR` takes the lines out of it at which MLflow's own migration
fails; `age DIR` adds what old releases and accidents leave; `read URI` prints all that MLflow reads at it, file store or
database, as one JSON object.
"""

import json
import os
import pathlib
import shutil
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import (
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.tracking._model_registry.utils import _get_store as registry_store
from mlflow.tracking._tracking_service.utils import _get_store as tracking_store
from sklearn.linear_model import LogisticRegression

STARTED = 1_700_000_000_000


def make(folder):
    mlflow.set_tracking_uri(f"file://{folder}")
    client = MlflowClient()
    main = client.create_experiment("prices ✓ \"quoted\": 10%", tags={"team": "quant", "mlflow.note.content": "two\nlines"})
    with mlflow.start_run(experiment_id=main, run_name="yes", tags={"n/est/ed": "ü", "empty": ""}) as run:
        mlflow.log_params({"alpha": 0.5, "dir/depth": 3, "none": "", "lines": "a\nb\r\n", "null": "null"})
        for step in range(50):
            mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
        mlflow.log_metric("n/acc", 0.75)
        for key, value in {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "tiny": 5e-324}.items():
            mlflow.log_metric(key, value, step=-3)
        for value in (3.0, 1.0, 2.0):
            client.log_metric(run.info.run_id, "same step", value, timestamp=STARTED, step=7)
        client.log_metric(run.info.run_id, "late first", 1.0, timestamp=STARTED + 5, step=1)
        client.log_metric(run.info.run_id, "late first", 2.0, timestamp=STARTED, step=2)
        frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
        for digest, context in {"12e45678": "training", "00000012": "evaluation"}.items():
            mlflow.log_input(mlflow.data.from_pandas(frame, name="toy", digest=digest, targets="y"), context=context)
        mlflow.log_text("plain", "notes/readme.txt")
        model = LogisticRegression().fit(frame[["x"]], frame["y"])
        info = mlflow.sklearn.log_model(model, name="model", input_example=frame[["x"]])
        dataset = mlflow.data.from_pandas(frame, name="scored", digest="77e1")
        mlflow.log_metric("accuracy", 0.9, model_id=info.model_id, dataset=dataset)
        mlflow.log_metric("plain", 0.8, step=4, model_id=info.model_id)
        parent = run.info.run_id
        with mlflow.start_run(experiment_id=main, run_name="child", nested=True):
            mlflow.log_metric("loss", 2)
    failed = client.create_run(main, start_time=STARTED, run_name="1e5", tags={"mlflow.user": "ada"}).info.run_id
    client.set_terminated(failed, "FAILED", end_time=STARTED + 1)
    killed = client.create_run(main, start_time=STARTED).info.run_id
    client.set_terminated(killed, "KILLED", end_time=STARTED + 2)
    client.create_run(main, start_time=STARTED, run_name="under way")
    gone = client.create_run(main, start_time=STARTED, run_name="gone").info.run_id
    client.log_metric(gone, "loss", 1, timestamp=STARTED)
    client.delete_run(gone)
    dated = client.create_experiment("2024-01-01", artifact_location=f"file://{folder}-elsewhere/a%20b")
    again = client.create_run(dated, start_time=STARTED, run_name="0012").info.run_id
    with mlflow.start_run(run_id=again):
        mlflow.log_input(mlflow.data.from_pandas(frame, name="toy", digest="12e45678", targets="y"), context="training")
    client.log_inputs(again, models=[LoggedModelInput(info.model_id)])
    pending = client.create_logged_model(
        main, name="pending", source_run_id=parent, tags={"k": "v"}, params={"units": "64"}, model_type="Agent"
    )
    client.log_outputs(parent, [LoggedModelOutput(pending.model_id, step=5)])
    failed_model = client.create_logged_model(main, name="failed")
    client.finalize_logged_model(failed_model.model_id, LoggedModelStatus.FAILED)
    client.delete_logged_model(client.create_logged_model(main, name="deleted").model_id)
    trash = client.create_experiment("in the trash", tags={"t": "u"})
    in_trash = client.create_run(trash, start_time=STARTED, run_name="in the trash").info.run_id
    client.log_batch(in_trash, [Metric("loss", 1.5, STARTED, 1)], [Param("p", "1")], [RunTag("t", "v")])
    client.delete_experiment(trash)
    client.create_run("0", start_time=STARTED, run_name="in default")
    client.set_experiment_tag("0", "of", "default")

    client.create_registered_model("bitcoin model", tags={"owner": "me", "a/b": "c"}, description="All\nof them: ✓")
    for i in range(4):
        client.create_model_version("bitcoin model", info.model_uri, parent, tags={"n": str(i)}, description=f"no. {i}")
    client.set_registered_model_alias("bitcoin model", "production", "2")
    client.set_registered_model_alias("bitcoin model", "challenger", "3")
    client.transition_model_version_stage("bitcoin model", "3", "Production")
    client.transition_model_version_stage("bitcoin model", "2", "Archived")
    client.delete_model_version("bitcoin model", "4")
    client.create_registered_model("empty")
    client.create_model_version("empty", f"{folder}-elsewhere/model", None, run_link="http://example.org/run")
    return {"main": main, "run": parent, "model": info.model_id, "trash": trash}


def unrepeat(folder):
    repeated = 0
    for path in pathlib.Path(folder).glob("**/metrics/**/*"):
        if path.is_file():
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(dict.fromkeys(lines)))
            repeated += len(lines) - len(set(lines))
    return repeated


def age(folder):
    root = pathlib.Path(folder)
    parent = next(path.parent for path in root.glob("*/*/metrics/late first")).parent
    experiment = parent.parent
    (parent / "metrics/old").write_text("1500000000 0.5\n1500000001 0.25\n")
    (parent / "metrics/repeated").write_text("1500000000 0.5 1\n" * 3)
    shutil.copytree(parent, experiment / ("0" * 32))
    lacking = experiment / ("f" * 32)
    plain = next(path.parent for path in experiment.glob("*/metrics") if not any(path.iterdir()))
    shutil.copytree(plain, lacking)
    shutil.rmtree(lacking / "artifacts")
    meta = (lacking / "meta.yaml").read_text().replace(plain.name, lacking.name)
    (lacking / "meta.yaml").write_text(meta)
    # Without runs and models: MLflow looks for one in whichever experiment the folder happens to list first.
    inside = lambda _, names: [name for name in names if len(name) == 32 or name == "models"]
    shutil.copytree(experiment, root / "123", ignore=inside)
    (root / "456").mkdir()
    return sorted(str(path) for path in (experiment / ("0" * 32), root / "123", root / "456"))


def entries(tags):
    return tags if isinstance(tags, dict) else {tag.key: tag.value for tag in tags}


def metric(found):
    return [found.key, repr(float(found.value)), found.timestamp, found.step]


def read_run(store, listed):
    run_id = listed.info.run_id
    try:
        run = store.get_run(run_id)
    except MlflowException:
        run = listed  # without one of its folders it is listed, and not found
    info = run.info
    return {
        **{name: getattr(info, name) for name in (
            "run_id", "run_name", "experiment_id", "user_id", "status", "start_time", "end_time", "artifact_uri",
            "lifecycle_stage",
        )},
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": sorted(metric(one) for one in run.data._metric_objs),
        "history": {
            key: sorted(metric(one) for one in store.get_metric_history(run_id, key)) for key in run.data.metrics
        },
        "datasets": sorted(
            [*(str(getattr(one.dataset, name)) for name in ("name", "digest", "source_type", "source", "schema", "profile")),
             {tag.key: tag.value for tag in one.tags}]
            for one in run.inputs.dataset_inputs
        ),
        "modelInputs": sorted(one.model_id for one in run.inputs.model_inputs),
        "modelOutputs": sorted([one.model_id, one.step] for one in run.outputs.model_outputs),
    }


def read_model(model):
    return {
        **{name: getattr(model, name) for name in (
            "model_id", "name", "experiment_id", "artifact_location", "creation_timestamp", "last_updated_timestamp",
            "model_type", "source_run_id", "status_message",
        )},
        "status": str(model.status),
        "tags": model.tags,
        "params": model.params,
        "metrics": sorted(
            [*metric(one), one.run_id, one.dataset_name or "", one.dataset_digest or ""] for one in model.metrics or []
        ),
    }


def read_registered(store, found):
    model = store.get_registered_model(found.name)
    versions = store.search_model_versions(f"name = '{found.name}'", max_results=1000)
    return {
        **{name: getattr(model, name) for name in (
            "name", "creation_timestamp", "last_updated_timestamp", "description", "tags", "aliases",
        )},
        "latest": sorted([one.version, one.current_stage] for one in model.latest_versions),
        "versions": sorted(
            [
                {
                    **{name: getattr(one, name) for name in (
                        "version", "creation_timestamp", "last_updated_timestamp", "description", "user_id",
                        "current_stage", "source", "run_id", "run_link", "status", "status_message", "tags",
                    )},
                    "aliases": sorted(one.aliases),
                    "uri": store.get_model_version_download_uri(one.name, one.version),
                }
                for one in versions
            ],
            key=lambda one: int(one["version"]),
        ),
    }


def read(uri):
    mlflow.set_tracking_uri(uri)
    store, registry = tracking_store(uri), registry_store(uri)
    experiments = store.search_experiments(view_type=ViewType.ALL, max_results=1000)
    ids = [one.experiment_id for one in experiments]
    runs = [run for run in store.search_runs(ids, "", ViewType.ALL, max_results=10_000)]
    active = [one.experiment_id for one in experiments if one.lifecycle_stage == "active"]
    models = [model for id in active for model in store.search_logged_models([id], max_results=1000)]
    return {
        "experiments": sorted(
            (
                {
                    **{name: getattr(one, name) for name in (
                        "experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time",
                        "last_update_time",
                    )},
                    "tags": entries(one.tags),
                }
                for one in experiments
            ),
            key=lambda one: one["experiment_id"],
        ),
        "runs": {run.info.run_id: read_run(store, run) for run in runs},
        "models": {model.model_id: read_model(store.get_logged_model(model.model_id)) for model in models},
        "registered": [
            read_registered(registry, found)
            for found in sorted(registry.search_registered_models(max_results=1000), key=lambda one: one.name)
        ],
    }


if __name__ == "__main__":
    print(json.dumps({"make": make, "unrepeat": unrepeat, "age": age, "read": read}[sys.argv[1]](sys.argv[2])))
