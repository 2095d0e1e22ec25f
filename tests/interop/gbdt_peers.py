"""Trains scikit-learn's and LightGBM's boosted trees on rows that ours were trained on, and runs our ONNX file.

Usage: gbdt_peers.py FOLDER, which holds task.json, *.bin (little-endian float32, columns one after the other) and
model.onnx. Prints one JSON object: predictions of the test rows by peer, and the largest difference of the ONNX file.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
options, loss = task["options"], task["options"]["loss"]
features = task["features"]


def matrix(name: str) -> np.ndarray:
    return np.fromfile(folder / f"{name}.bin", dtype="<f4").reshape(features, -1).T


def scikit_learn(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    settings = dict(
        max_iter=options["trees"],
        learning_rate=options["learningRate"],
        max_leaf_nodes=options["maxLeaves"],
        min_samples_leaf=options["minLeafRows"],
        l2_regularization=options["l2"],
        early_stopping=False,
    )
    if loss["kind"] == "logistic":
        return HistGradientBoostingClassifier(**settings).fit(train, labels).predict_proba(test)[:, 1]
    kind = dict(loss="quantile", quantile=loss["level"]) if loss["kind"] == "quantile" else dict(loss="squared_error")
    return HistGradientBoostingRegressor(**kind, **settings).fit(train, labels).predict(test)


def lightgbm(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    import lightgbm

    objective = {"logistic": "binary", "squared": "regression", "quantile": "quantile"}[loss["kind"]]
    settings = dict(
        objective=objective,
        learning_rate=options["learningRate"],
        num_leaves=options["maxLeaves"],
        min_data_in_leaf=options["minLeafRows"],
        lambda_l2=options["l2"],
        num_threads=1,
        verbose=-1,
        **(dict(alpha=loss["level"]) if loss["kind"] == "quantile" else {}),
    )
    return lightgbm.train(settings, lightgbm.Dataset(train, labels), options["trees"]).predict(test)


def main() -> None:
    train, test = matrix("train"), matrix("test")
    labels = np.fromfile(folder / "labels.bin", dtype="<f4").astype(float)
    predictions = {"scikit-learn": scikit_learn(train, labels, test).tolist()}
    try:
        predictions["LightGBM"] = lightgbm(train, labels, test).tolist()
    except ImportError:
        pass
    session = onnxruntime.InferenceSession((folder / "model.onnx").read_bytes())
    (theirs,) = session.run(None, {"features": np.ascontiguousarray(test)})
    ours = np.fromfile(folder / "predictions.bin", dtype="<f8")
    difference = float(np.max(np.abs(theirs[:, 0] - ours) / np.maximum(1, np.abs(ours))))
    print(json.dumps({"predictions": predictions, "onnxDifference": difference}))


if __name__ == "__main__":
    main()
