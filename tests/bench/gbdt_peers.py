"""Seconds of scikit-learn's and LightGBM's boosted trees: gbdt_peers.py FOLDER TREES, threads by
OMP_NUM_THREADS. FOLDER holds train.bin (float32, columns one after the other) and labels.bin.

Prints one JSON object: seconds for one tree and for TREES + 1, whose difference leaves out the binning.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

folder, trees = Path(sys.argv[1]), int(sys.argv[2])
labels = np.fromfile(folder / "labels.bin", dtype="<f4").astype(float)
columns = np.fromfile(folder / "train.bin", dtype="<f4").reshape(-1, len(labels)).T


def seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def scikit_learn(count: int) -> None:
    HistGradientBoostingRegressor(max_iter=count, max_leaf_nodes=31, learning_rate=0.1, early_stopping=False).fit(
        columns, labels
    )


peers = {"scikit-learn": scikit_learn}
try:
    import lightgbm

    settings = dict(
        objective="regression", num_leaves=31, learning_rate=0.1, verbose=-1, num_threads=int(os.environ["OMP_NUM_THREADS"])
    )
    dataset = lightgbm.Dataset(columns, labels, params=settings).construct()
    peers["LightGBM"] = lambda count: lightgbm.train(settings, dataset, count)
except ImportError:
    pass

times = {}
for name, train in peers.items():
    train(1)  # what only the first call does
    times[name] = [seconds(lambda: train(1)), seconds(lambda: train(trees + 1))]
print(json.dumps(times))
