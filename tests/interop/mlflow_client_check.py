"""Drives the real MLflow client against a server; argv: the server's URL. Prints one JSON object of what it saw."""

import json
import os
import sys
import tempfile

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

seen = {}


def refused(call):
    try:
        call()
    except MlflowException as error:
        return [error.error_code, str(error.message)]
    return None


mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()

# Experiments
experiment = mlflow.set_experiment("interop ✓")
seen["artifactLocation"] = [experiment.artifact_location, experiment.experiment_id]
client.set_experiment_tag(experiment.experiment_id, "team", "quant")
seen["experimentTags"] = client.get_experiment(experiment.experiment_id).tags
other = client.create_experiment("to be renamed", tags={"a": "b"})
client.rename_experiment(other, "renamed")
client.delete_experiment(other)
seen["deletedExperiments"] = [e.name for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)]
client.restore_experiment(other)
seen["experiments"] = sorted(e.name for e in client.search_experiments())
seen["experimentFilter"] = [e.name for e in client.search_experiments(filter_string="name LIKE 'rena%'")]
seen["experimentTaken"] = refused(lambda: client.create_experiment("renamed"))
seen["experimentUnknown"] = client.get_experiment_by_name("nobody")

# A run and everything that is logged to it
with mlflow.start_run(run_name="first", tags={"kind": "demo"}, description="A note") as run:
    mlflow.log_param("alpha", 0.5)
    mlflow.log_params({"layers": 3, "name": "héllo"})
    for step in range(5):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_metrics({"auc": 0.75, "bad": float("nan"), "huge": float("inf")})
    mlflow.set_tags({"stage": "one", "remove": "me"})
    mlflow.delete_tag("remove")
    mlflow.log_text("plain text ✓", "notes/readme.txt")
    mlflow.log_dict({"a": [1, 2]}, "config.json")
    mlflow.log_dict({"a": [1, 2]}, "config.yaml")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "with space ü.bin")
        with open(path, "wb") as file:
            file.write(bytes(range(256)) * 4096)
        mlflow.log_artifact(path, "deep/er")
        mlflow.log_artifacts(folder, "folder")
    mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]}), name="toy", targets="y")
    mlflow.log_input(data, context="training", tags={"source": "made up"})
    run_id = run.info.run_id

found = client.get_run(run_id)
seen["run"] = {
    "name": found.info.run_name,
    "status": found.info.status,
    "ended": found.info.end_time >= found.info.start_time,
    "params": found.data.params,
    "loss": found.data.metrics["loss"],
    "auc": found.data.metrics["auc"],
    "bad": repr(found.data.metrics["bad"]),
    "kind": found.data.tags["kind"],
    "note": found.data.tags["mlflow.note.content"],
    "removed": "remove" not in found.data.tags,
    "inputs": [
        [i.dataset.name, i.dataset.source_type, {t.key: t.value for t in i.tags}] for i in found.inputs.dataset_inputs
    ],
}
seen["history"] = [[m.step, m.value] for m in client.get_metric_history(run_id, "loss")]
seen["files"] = sorted(f.path for f in client.list_artifacts(run_id))
seen["deep"] = [[f.path, f.is_dir, f.file_size] for f in client.list_artifacts(run_id, "deep/er")]
seen["noFiles"] = client.list_artifacts(run_id, "nowhere")
with tempfile.TemporaryDirectory() as folder:
    local = mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=folder)
    with open(os.path.join(local, "deep/er/with space ü.bin"), "rb") as file:
        seen["binary"] = file.read() == bytes(range(256)) * 4096
    seen["downloaded"] = sum(len(files) for _, _, files in os.walk(local))
seen["text"] = mlflow.artifacts.load_text(f"runs:/{run_id}/notes/readme.txt")
seen["dict"] = mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json")
seen["table"] = mlflow.load_table("table.json", run_ids=[run_id]).to_dict("list")
seen["missingFile"] = refused(lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/none.txt")) is not None

# What is refused, with MLflow's codes
seen["paramChanged"] = refused(lambda: client.log_param(run_id, "alpha", 0.7))[0]
seen["unknownRun"] = refused(lambda: client.get_run("f" * 32))
seen["badFilter"] = refused(lambda: client.search_runs([experiment.experiment_id], "metrics.loss ~ 3"))[0]
seen["badMetricName"] = refused(lambda: client.log_metric(run_id, "a//b", 1.0))[0]

# Batches, searches
for i in range(12):
    r = client.create_run(experiment.experiment_id, run_name=f"batch {i:02}")
    client.log_batch(
        r.info.run_id,
        metrics=[Metric("score", i / 10, 1_700_000_000_000 + i, i)] + [Metric(f"m{k}", k, 1, 0) for k in range(30)],
        params=[Param("group", "even" if i % 2 == 0 else "odd")],
        tags=[RunTag("batch", "yes")],
    )
    client.set_terminated(r.info.run_id, "FAILED" if i == 3 else "FINISHED")
frame = mlflow.search_runs(
    experiment_names=["interop ✓"],
    filter_string="metrics.score > 0.3 AND params.group = 'even' AND tags.batch = 'yes'",
    order_by=["metrics.score DESC"],
)
seen["searched"] = frame["tags.mlflow.runName"].tolist()
seen["failed"] = [
    r.info.run_name for r in client.search_runs([experiment.experiment_id], "attributes.status = 'FAILED'")
]
pages, token = [], None
while True:
    page = client.search_runs([experiment.experiment_id], max_results=5, page_token=token, order_by=["start_time ASC"])
    pages.append(len(page))
    token = page.token
    if not token:
        break
seen["pages"] = pages
seen["ilike"] = len(client.search_runs([experiment.experiment_id], "run_name ILIKE 'BATCH%'"))
seen["dataset"] = [r.info.run_name for r in client.search_runs([experiment.experiment_id], "dataset.name = 'toy'")]
gone = client.create_run(experiment.experiment_id, run_name="gone").info.run_id
client.delete_run(gone)
seen["gone"] = client.get_run(gone).info.lifecycle_stage
seen["loggedToGone"] = refused(lambda: client.log_metric(gone, "x", 1))
client.restore_run(gone)
seen["back"] = client.get_run(gone).info.lifecycle_stage

# A model: logged, registered, given an alias, loaded back
rng = np.random.default_rng(1)
features = rng.normal(size=(200, 3))
labels = (features[:, 0] + features[:, 1] > 0).astype(int)
with mlflow.start_run(run_name="model") as run:
    model = LogisticRegression().fit(features, labels)
    info = mlflow.sklearn.log_model(
        model, name="model", input_example=features[:2], registered_model_name="bitcoin model"
    )
    mlflow.log_metric("accuracy", model.score(features, labels), model_id=info.model_id, dataset=None)
    model_run = run.info.run_id
client.set_registered_model_alias("bitcoin model", "production", 1)
for uri in ["models:/bitcoin model@production", "models:/bitcoin model/1", f"runs:/{model_run}/model", info.model_uri]:
    loaded = mlflow.pyfunc.load_model(uri)
    assert (loaded.predict(features) == model.predict(features)).all(), uri
seen["loaded"] = True
logged = client.get_logged_model(info.model_id)
seen["loggedModel"] = {
    "status": str(logged.status),
    "run": logged.source_run_id == model_run,
    "metrics": {m.key: round(m.value, 3) >= 0.9 for m in logged.metrics},
    "versions": json.loads(logged.tags["mlflow.modelVersions"]),
}
seen["loggedModels"] = [m.name for m in mlflow.search_logged_models(output_format="list")]
seen["outputs"] = [o.model_id == info.model_id for o in client.get_run(model_run).outputs.model_outputs]
client.set_logged_model_tags(info.model_id, {"reviewed": "yes"})
client.delete_logged_model_tag(info.model_id, "reviewed")

# The registry
version = client.get_model_version("bitcoin model", "1")
seen["version"] = [version.status, version.current_stage, list(version.aliases), version.run_id == model_run]
client.update_model_version("bitcoin model", "1", "the first")
client.set_model_version_tag("bitcoin model", "1", "gate.passed", "true")
client.set_registered_model_tag("bitcoin model", "owner", "me")
client.update_registered_model("bitcoin model", "All of them")
second = mlflow.register_model(info.model_uri, "bitcoin model")
seen["second"] = [second.version, client.get_model_version("bitcoin model", "1").tags]
client.set_registered_model_alias("bitcoin model", "production", 2)
seen["alias"] = client.get_model_version_by_alias("bitcoin model", "production").version
registered = client.get_registered_model("bitcoin model")
seen["registered"] = [registered.description, registered.tags, registered.aliases]
seen["models"] = [m.name for m in client.search_registered_models("name ILIKE '%BITCOIN%'")]
seen["versions"] = [v.version for v in client.search_model_versions("name = 'bitcoin model'")]
seen["latest"] = [v.version for v in client.get_latest_versions("bitcoin model")]
client.transition_model_version_stage("bitcoin model", "2", "Staging")
seen["stage"] = client.get_model_version("bitcoin model", "2").current_stage
client.delete_registered_model_alias("bitcoin model", "production")
seen["noAlias"] = refused(lambda: client.get_model_version_by_alias("bitcoin model", "production"))
client.delete_model_version("bitcoin model", "2")
client.create_registered_model("short lived")
client.rename_registered_model("short lived", "shorter lived")
client.delete_registered_model("shorter lived")
seen["noModel"] = refused(lambda: client.get_registered_model("shorter lived"))
seen["modelTaken"] = refused(lambda: client.create_registered_model("bitcoin model"))

# Autologging
mlflow.sklearn.autolog(log_models=True, silent=True)
with mlflow.start_run(run_name="auto") as run:
    LogisticRegression(C=0.5).fit(features, labels)
mlflow.sklearn.autolog(disable=True)
auto = client.get_run(run.info.run_id)
seen["auto"] = {
    "C": auto.data.params["C"],
    "score": auto.data.metrics["training_score"] > 0.9,
    "models": len(auto.outputs.model_outputs),
    "datasets": len(auto.inputs.dataset_inputs),
    "files": sorted(f.path for f in client.list_artifacts(run.info.run_id)),
}

# Autologging of a search: a parent with one run for each of the best candidates, on data with a name
frame = pd.DataFrame(features, columns=["a", "b", "c"])
mlflow.sklearn.autolog(log_models=True, log_input_examples=True, max_tuning_runs=3, silent=True)
with mlflow.start_run(run_name="search") as run:
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 0.1, 1.0, 10.0]}, cv=3, scoring="accuracy")
    search.fit(frame, pd.Series(labels, name="label"))
    search.score(frame, labels)
mlflow.sklearn.autolog(disable=True)
found = client.get_run(run.info.run_id)
children = client.search_runs(
    [found.info.experiment_id],
    f"tags.`mlflow.parentRunId` = '{run.info.run_id}'",
    order_by=["metrics.mean_test_score DESC"],
)
model_ids = sorted(
    {output.model_id for output in found.outputs.model_outputs}, key=lambda id: client.get_logged_model(id).name
)
best = client.get_logged_model(
    next(id for id in model_ids if client.get_logged_model(id).name in ("best_estimator", "model"))
)
best_model = mlflow.pyfunc.load_model(f"models:/{best.model_id}")
seen["gridSearch"] = {
    "status": found.info.status,
    "cv": found.data.params["cv"],
    "bestC": found.data.params["best_C"] == str(search.best_params_["C"]),
    "bestScore": found.data.metrics["best_cv_score"] == float(search.best_score_),
    "metrics": sorted(found.data.metrics),
    "params": sorted(found.data.params),
    "tags": {key: value for key, value in found.data.tags.items() if key.startswith("estimator")},
    "files": sorted(one.path for one in client.list_artifacts(run.info.run_id)),
    "children": [
        [
            child.info.status,
            child.data.params["C"],
            child.data.metrics["mean_test_score"] == float(search.cv_results_["mean_test_score"][i]),
            child.data.metrics["rank_test_score"],
        ]
        for child in children
        for i in [[str(c) for c in search.cv_results_["param_C"]].index(child.data.params["C"])]
    ],
    "models": [client.get_logged_model(id).name for id in model_ids],
    "modelParams": best.params,
    "modelMetrics": sorted({metric.key for metric in best.metrics}),
    "datasets": [
        [
            one.dataset.source_type,
            json.loads(one.dataset.schema)["mlflow_tensorspec" if "tensorspec" in one.dataset.schema else "mlflow_colspec"],
            {tag.key: tag.value for tag in one.tags},
        ]
        for one in found.inputs.dataset_inputs
    ],
    "sameForecast": bool((best_model.predict(frame) == search.predict(frame)).all()),
    "example": best_model.metadata.saved_input_example_info is not None,
    # The names of the candidates' runs are invented.
    "byDataset": sorted(
        "candidate" if "mlflow.parentRunId" in one.data.tags else one.info.run_name
        for one in client.search_runs([found.info.experiment_id], "dataset.context = 'train'")
    ),
}

# The fluent API on nested runs
with mlflow.start_run(run_name="parent") as parent:
    with mlflow.start_run(run_name="child", nested=True) as child:
        pass
seen["nested"] = client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id

seen["ids"] = {"run": run_id, "experiment": experiment.experiment_id}
print(json.dumps(seen))
