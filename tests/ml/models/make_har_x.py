"""Makes har_x.json: lines of ln variance by statsmodels, with dummies from pandas' own calendar.

pip install statsmodels; python tests/ml/models/make_har_x.py > tests/ml/models/har_x.json
"""
import json

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(11)
ROWS = 400
SCALES = {1: [1, 5, 30, 60, 240, 1440, 10080], 15: [5, 15, 30, 60, 240, 1440, 10080]}
minutes = np.sort(rng.choice(14 * 1440, ROWS, replace=False)) + 28_000_000
when = pd.to_datetime(minutes, unit="m", utc=True)
level = rng.normal(size=ROWS)
rv = {m: np.float32(np.exp(2 + level + 0.5 * rng.normal(size=ROWS))) for m in [1, 5, 15, 30, 60, 240, 1440, 10080]}
rv[240][::9] = np.nan
rv[1440][::18] = np.nan
rv[1][::50] = 0
target = np.float32(np.exp(3 + 0.8 * level + 0.2 * np.sin(when.hour / 4)) * rng.gamma(0.7, 1.4, size=ROWS))
target[5] = 0


def logs(horizon):
    columns, before = [], None
    for scale in SCALES[horizon]:
        own = rv[scale].astype(float)
        before = own if before is None else np.where(np.isnan(own), before, own)
        columns.append(np.log(np.maximum(before, 0.01)))
    return np.column_stack(columns)


def dummies(values):
    return pd.get_dummies(pd.Categorical(values), drop_first=True).to_numpy(float)


def design(horizon, kind):
    parts = [np.ones(ROWS), logs(horizon)]
    if kind != "har":
        parts.append(dummies(when.hour))
    if kind == "har_x":
        parts.append(dummies(when.day_of_week))
    else:  # the scales of HAR-X that log-HAR does not read
        extra = [1 + SCALES[horizon].index(m) for m in (5, 30)]
        return np.delete(np.column_stack(parts), extra, axis=1)
    return np.column_stack(parts)


def smeared(horizon, kind):
    y, x = np.log(np.maximum(target.astype(float), 0.01 * horizon)), design(horizon, kind)
    fit = sm.OLS(y, x).fit()
    return (fit.fittedvalues + np.log(np.mean(np.exp(fit.resid)))).tolist()


y1 = np.maximum(target.astype(float), 0.01)
gamma = sm.GLM(y1, design(1, "har_x"), family=sm.families.Gamma(link=sm.families.links.Log())).fit(tol=1e-14, maxiter=500)
print(json.dumps({
    "source": f"statsmodels {statsmodels.__version__}, pandas {pd.__version__}, seed 11",
    "minutes": minutes.tolist(),
    "rv": {str(m): [None if np.isnan(v) else float(v) for v in values] for m, values in rv.items()},
    "target": target.astype(float).tolist(),
    "logVariance": {
        "15": {kind: smeared(15, kind) for kind in ("har", "har_diurnal", "har_x")},
        "1": {"har_x": np.log(gamma.fittedvalues).tolist()},
    },
}))
