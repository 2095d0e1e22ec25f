"""Makes linear.json: what statsmodels and scikit-learn say of the same rows.

pip install statsmodels scikit-learn; python tests/ml/linear/make_fixture.py > tests/ml/linear/linear.json
"""
import json

import numpy as np
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression, Ridge

rng = np.random.default_rng(7)
ROWS, L2 = 240, 0.05
x = rng.normal(size=(ROWS, 3)) * [1, 50, 0.01] + [0, 1000, 3]
x[:, 1] += 40 * x[:, 0]
cluster = np.repeat(np.arange(ROWS // 6), 6)
shared = rng.normal(size=ROWS // 6)[cluster]
y = 2 + x @ [0.5, -0.01, 30] + shared + rng.normal(size=ROWS) * np.exp(0.3 * x[:, 0])
up = (rng.uniform(size=ROWS) < 1 / (1 + np.exp(-(0.8 * x[:, 0] - 0.01 * (x[:, 1] - 1000) + 0.7 * shared)))).astype(int)
weight = rng.uniform(0.2, 2, size=ROWS)
design = sm.add_constant(x)


def fit(result):
    return {"coefficients": result.params.tolist(), "standardErrors": result.bse.tolist()}


z = (x - x.mean(axis=0)) / x.std(axis=0)
ridge = Ridge(alpha=L2 * ROWS, tol=1e-14).fit(z, y)
logistic = LogisticRegression(C=1 / (L2 * ROWS), tol=1e-12, max_iter=10000).fit(z, up)
clusters = {"groups": cluster}
print(json.dumps({
    "source": f"statsmodels {statsmodels.__version__}, scikit-learn {sklearn.__version__}, seed 7",
    "l2": L2,
    "inputs": x.tolist(), "target": y.tolist(), "up": up.tolist(), "weight": weight.tolist(), "cluster": cluster.tolist(),
    "ols": fit(sm.OLS(y, design).fit()),
    "wls": fit(sm.WLS(y, design, weights=weight).fit()),
    "olsByCluster": fit(sm.OLS(y, design).fit(cov_type="cluster", cov_kwds=clusters)),
    "olsByRow": fit(sm.OLS(y, design).fit(cov_type="HC1")),
    "ridge": {"standardized": ridge.coef_.tolist(), "level": float(ridge.intercept_)},
    "logit": fit(sm.Logit(up, design).fit(disp=0, tol=1e-14, method="newton")),
    "logitByCluster": fit(sm.Logit(up, design).fit(disp=0, tol=1e-14, cov_type="cluster", cov_kwds=clusters)),
    "logisticPenalized": {"standardized": logistic.coef_[0].tolist(), "level": float(logistic.intercept_[0])},
}))
