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
variance = np.exp(1 + 0.6 * x[:, 0] - 0.01 * (x[:, 1] - 1000) + 0.5 * shared) * rng.gamma(0.5, 2, size=ROWS) + 1e-6
gamma = sm.GLM(variance, design, family=sm.families.Gamma(link=sm.families.links.Log()))
tight = {"tol": 1e-14, "maxiter": 500}


def fit(result):
    return {"coefficients": result.params.tolist(), "standardErrors": result.bse.tolist()}


def spread(coefficients, covariance):
    return {"coefficients": coefficients.tolist(), "standardErrors": np.sqrt(np.diag(covariance)).tolist()}


def by_formula(outcome, is_logistic, weights=np.ones(ROWS), by_cluster=False, penalty=L2):
    """Penalised fit of standardised columns with its sandwich errors in the columns' own units, by explicit matrices."""
    means = np.average(x, axis=0, weights=weights)
    scales = np.sqrt(np.average((x - means) ** 2, axis=0, weights=weights))
    standardized = np.column_stack([np.ones(ROWS), (x - means) / scales])
    shrunk = penalty * weights.sum() * np.diag([0, 1, 1, 1])
    beta = np.zeros(4)
    for _ in range(60):
        fitted = standardized @ beta
        mean = 1 / (1 + np.exp(-fitted)) if is_logistic else fitted
        curvature = weights * (mean * (1 - mean) if is_logistic else 1)
        fisher = standardized.T @ (curvature[:, None] * standardized)
        scores = (weights * (outcome - mean))[:, None] * standardized
        bread = np.linalg.inv(fisher + shrunk)
        beta = beta + bread @ (scores.sum(axis=0) - shrunk @ beta)
    meat = fisher if is_logistic else fisher * (weights * (outcome - standardized @ beta) ** 2).sum() / (ROWS - 4)
    if by_cluster:
        groups = np.unique(cluster)
        sums = np.array([scores[cluster == group].sum(axis=0) for group in groups])
        meat = sums.T @ sums * len(groups) / (len(groups) - 1) * (ROWS - 1) / (ROWS - 4)
    own_units = np.diag([1, *1 / scales])
    own_units[0, 1:] = -means / scales
    return spread(own_units @ beta, own_units @ bread @ meat @ bread @ own_units.T)


z = (x - x.mean(axis=0)) / x.std(axis=0)
ridge = Ridge(alpha=L2 * ROWS, tol=1e-14).fit(z, y)
logistic = LogisticRegression(C=1 / (L2 * ROWS), tol=1e-12, max_iter=10000).fit(z, up)
clusters = {"groups": cluster}
print(json.dumps({
    "source": f"statsmodels {statsmodels.__version__}, scikit-learn {sklearn.__version__}, seed 7",
    "l2": L2,
    "inputs": x.tolist(), "target": y.tolist(), "up": up.tolist(), "weight": weight.tolist(), "cluster": cluster.tolist(),
    "variance": variance.tolist(),
    "gamma": fit(gamma.fit(**tight)),
    "gammaByCluster": fit(gamma.fit(cov_type="cluster", cov_kwds=clusters, **tight)),
    "ols": fit(sm.OLS(y, design).fit()),
    "wls": fit(sm.WLS(y, design, weights=weight).fit()),
    "olsByCluster": fit(sm.OLS(y, design).fit(cov_type="cluster", cov_kwds=clusters)),
    "olsByRow": fit(sm.OLS(y, design).fit(cov_type="HC1")),
    "ridge": {"standardized": ridge.coef_.tolist(), "level": float(ridge.intercept_)},
    "logit": fit(sm.Logit(up, design).fit(disp=0, tol=1e-14, method="newton")),
    "logitByCluster": fit(sm.Logit(up, design).fit(disp=0, tol=1e-14, cov_type="cluster", cov_kwds=clusters)),
    "wlsByCluster": fit(sm.WLS(y, design, weights=weight).fit(cov_type="cluster", cov_kwds=clusters)),
    "weightedLogit": fit(sm.GLM(up, design, family=sm.families.Binomial(), var_weights=weight).fit(tol=1e-14, maxiter=100)),
    "weightedLogitByCluster": by_formula(up, True, weight, by_cluster=True, penalty=0),
    "ridgeErrors": by_formula(y, False),
    "weightedRidge": by_formula(y, False, weight),
    "weightedRidgeByCluster": by_formula(y, False, weight, by_cluster=True),
    "logisticErrors": by_formula(up, True),
    "weightedLogistic": by_formula(up, True, weight),
    "weightedLogisticByCluster": by_formula(up, True, weight, by_cluster=True),
    "logisticPenalized": {"standardized": logistic.coef_[0].tolist(), "level": float(logistic.intercept_[0])},
}))
