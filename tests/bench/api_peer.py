"""The same model behind FastAPI and onnxruntime: `api_peer.py MODEL.onnx`, announces its port on stdout."""
import socket
import sys

import numpy as np
import onnxruntime as ort
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

options = ort.SessionOptions()
# A row is too little work to share: more threads make it slower.
options.intra_op_num_threads = 1
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
LEVELS = ["0.01", "0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95", "0.99"]


class Rows(BaseModel):
    features: list[float] | list[list[float]]


app = FastAPI()


@app.post("/predict")
async def predict(body: Rows):
    rows = np.atleast_2d(np.asarray(body.features, dtype=np.float32))
    outputs = dict(zip(names, session.run(None, {"features": rows})))
    up = outputs["probabilityUp"].ravel().tolist()
    volatility = outputs["volatilityBps"].ravel().tolist()
    quantiles = outputs["quantilesBps"].tolist()
    return {
        "predictions": [
            {"probabilityUp": p, "volatilityBps": v, "quantilesBps": dict(zip(LEVELS, q))}
            for p, v, q in zip(up, volatility, quantiles)
        ]
    }


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
server.run(sockets=[listener])
