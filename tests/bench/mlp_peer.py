"""The peer of the mlp bench: scikit-learn's MLPClassifier, an epoch for each line on standard input.

Usage: mlp_peer.py FILE ROWS WIDTH BATCH. FILE holds float32: the inputs row by row, then the labels. Prints the samples a
second of each epoch, shuffled batches and Adam as in the bench.
"""
import sys
import time
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore")
rows, width, batch = map(int, sys.argv[2:5])
values = np.fromfile(sys.argv[1], dtype=np.float32)
inputs, labels = values[: rows * width].reshape(rows, width), values[rows * width :].astype(np.int64)
model = MLPClassifier(hidden_layer_sizes=(64, 64), batch_size=batch, learning_rate_init=0.001, random_state=1)
model.partial_fit(inputs[: 4 * batch], labels[: 4 * batch], classes=[0, 1])
for _ in sys.stdin:
    started = time.perf_counter()
    model.partial_fit(inputs, labels)
    print(rows / (time.perf_counter() - started), flush=True)
