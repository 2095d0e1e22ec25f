"""Makes forecast_scores.json: calibration, fold and distribution scores by scikit-learn, statsmodels and numpy.

pip install statsmodels scikit-learn; python tests/ml/evaluation/make_forecast_scores.py > tests/ml/evaluation/forecast_scores.json
"""
import json

import numpy as np
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(5)
ROWS, STEP, LEVELS = 600, 15, np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
STARTS = [0, 210, 400]
sigma = np.float32(10 * np.exp(0.4 * rng.normal(size=ROWS)))
p = np.float32(np.clip(0.5 + 0.15 * rng.normal(size=ROWS), 0.02, 0.98))
assert len(np.unique(p)) == ROWS
up = rng.uniform(size=ROWS) < 0.52 + 0.5 * (p.astype(float) - 0.5)
move = np.float32(np.where(up, 1, -1) * (0.01 + np.abs(sigma * rng.standard_t(4, size=ROWS))))
variance = np.float32(sigma.astype(float) ** 2 * np.exp(0.7 * rng.normal(size=ROWS)))
variance[3] = 0
standardized = np.array([-2.6, -1.6, -1.2, -0.6, 0.02, 0.62, 1.2, 1.7, 2.7])
quantiles = np.float32(sigma[:, None] * np.float32(standardized))
day = np.arange(ROWS) * STEP // 1440

share, mean = calibration_curve(up, p, n_bins=20, strategy="quantile")
weights = np.histogram(p, np.percentile(p, np.linspace(0, 100, 21)))[0] / ROWS
logit = np.log(p.astype(float) / (1 - p.astype(float)))
line = sm.Logit(up.astype(int), sm.add_constant(logit)).fit(
    disp=0, method="newton", tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds={"groups": day})
parts = [slice(a, b) for a, b in zip(STARTS, STARTS[1:] + [ROWS])]
floored = np.maximum(variance.astype(float), 0.01 * STEP)
below = (move[:, None].astype(float) > quantiles.astype(float)).sum(axis=1)
print(json.dumps({
    "source": f"scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}, numpy {np.__version__}, seed 5",
    "stepMinutes": STEP, "starts": STARTS, "standardized": standardized.tolist(),
    "probabilityUp": p.tolist(), "volatilityBps": sigma.tolist(), "returnBps": move.tolist(),
    "realizedVarianceBps2": variance.tolist(),
    "expected": {
        "ece": float(np.sum(weights * np.abs(share - mean))),
        "slope": line.params[1], "intercept": line.params[0], "slopeError": line.bse[1], "interceptError": line.bse[0],
        "foldAuc": [roc_auc_score(up[part], p[part]) for part in parts],
        "squaredLogCorrelation": float(np.corrcoef(np.log(floored), np.log(sigma.astype(float) ** 2))[0, 1] ** 2),
        "histogram": (np.bincount(below, minlength=10) / ROWS).tolist(),
    },
}))
