"""Opens a store with the real MLflow; argv: the store's URI, a step. Prints one JSON object of what it saw."""

import json
import os
import sys

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

uri, step = sys.argv[1], sys.argv[2]
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri)
seen = {"version": mlflow.__version__}

experiment = client.get_experiment_by_name("bitcoin")
runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
seen["runs"] = [
    {
        "id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "user": run.info.user_id,
        "end": run.info.end_time,
        "params": run.data.params,
        "metrics": {key: repr(value) for key, value in run.data.metrics.items()},
        "tags": {k: v for k, v in run.data.tags.items() if k != "mlflow.user"},
        "datasets": [
            [one.dataset.name, one.dataset.digest, {tag.key: tag.value for tag in one.tags}]
            for one in run.inputs.dataset_inputs
        ],
        "models": [one.model_id for one in run.outputs.model_outputs],
        "artifacts": sorted(one.path for one in client.list_artifacts(run.info.run_id)),
    }
    for run in runs
]
first = runs[0].info.run_id
seen["history"] = [
    [repr(point.value), point.timestamp, point.step] for point in client.get_metric_history(first, "loss")
]
seen["found"] = len(client.search_runs([experiment.experiment_id], "metrics.loss < 1 AND params.model = 'mlp'"))
version = client.get_model_version_by_alias("bitcoin-model", "production")
seen["production"] = [str(version.version), version.source, version.run_id, version.tags]
model = client.get_logged_model(version.source.split("/")[-1])
seen["model"] = [model.name, str(model.status), model.params, model.tags, model.source_run_id]
path = mlflow.artifacts.download_artifacts("models:/bitcoin-model@production")
seen["files"] = sorted(name for name in os.listdir(path) if name != "registered_model_meta")
seen["artifact"] = mlflow.artifacts.load_text(f"runs:/{first}/notes/hello.txt")

if step == "write":
    run = client.create_run(experiment.experiment_id, run_name="from python")
    client.log_batch(
        run.info.run_id,
        metrics=[Metric("loss", 0.125, 1_700_000_000_500, 7), Metric("nan", float("nan"), 1_700_000_000_500, 7)],
        params=[Param("model", "forest")],
        tags=[RunTag("from", "python ✓")],
    )
    client.log_text(run.info.run_id, "from python", "notes/python.txt")
    client.log_metric(first, "from_python", 0.1 + 0.2, timestamp=1_700_000_000_600, step=1)
    client.set_terminated(run.info.run_id)
    client.set_registered_model_alias("bitcoin-model", "challenger", version.version)
    client.create_registered_model("python-model", tags={"made": "here"})
    seen["written"] = run.info.run_id

print(json.dumps(seen))
