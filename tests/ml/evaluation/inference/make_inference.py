"""Makes inference.json: tests of forecasts by scipy, statsmodels, arch and plain enumeration.

pip install scipy statsmodels arch; python tests/ml/evaluation/inference/make_inference.py > tests/ml/evaluation/inference/inference.json
"""
import itertools
import json

import arch
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from arch.bootstrap import MCS
from scipy import stats

rng = np.random.default_rng(9)


def autoregression(count, decay, shape=()):
    noise = rng.standard_t(5, size=(count, *shape))
    out = np.zeros_like(noise)
    for t in range(count):
        out[t] = (decay * out[t - 1] if t else 0) + noise[t]
    return out


def hac(values, lags):
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    return {"mean": fit.params[0], "standardError": fit.bse[0], "statistic": fit.tvalues[0]}


def newey_west(values):
    return int(np.floor(4 * (len(values) / 100) ** (2 / 9)))


differences = 0.25 + autoregression(240, 0.4)
lags = newey_west(differences)
plain = hac(differences, lags)
n, h = len(differences), lags + 1
corrected = plain["statistic"] * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)

target = autoregression(200, 0.6)
smaller = 0.5 * np.roll(target, 1)
larger = smaller + 0.3 * rng.normal(size=200) + 0.15 * target
adjusted = (target - smaller) ** 2 - ((target - larger) ** 2 - (smaller - larger) ** 2)
nested = hac(adjusted, newey_west(adjusted))

losses = np.abs(autoregression(45, 0.3, (6,))) + np.array([0, 0.02, 0.1, 0.3, 0.5, 0.9]) + autoregression(45, 0.5)[:, None]
mcs = MCS(losses, size=0.1, reps=60, block_size=5, method="R", seed=3)
mcs.compute()

# Bailey & López de Prado (2014), the numerical example: Sharpe 2.5 a year over five years of 250 days.
paper = {"sharpe": 2.5 / np.sqrt(250), "periods": 1250, "skewness": -3, "kurtosis": 10}
profits = 0.06 + 0.7 * rng.standard_t(4, size=300) + 0.2 * rng.exponential(size=300)
sharpe, skewness, kurtosis = profits.mean() / profits.std(ddof=1), stats.skew(profits), stats.kurtosis(profits, fisher=False)


def psr(benchmark):
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return stats.norm.cdf((sharpe - benchmark) * np.sqrt(len(profits) - 1) / np.sqrt(spread))


GROUPS = 16
gains = rng.normal(size=(80, 11)) + 0.25 * np.linspace(-1, 1, 11)
parts = np.array_split(gains, GROUPS)
logits = []
for chosen in itertools.combinations(range(GROUPS), GROUPS // 2):
    inside = np.concatenate([parts[g] for g in chosen])
    outside = np.concatenate([parts[g] for g in range(GROUPS) if g not in chosen])
    best = np.argmax(inside.mean(0) / inside.std(0, ddof=1))
    rank = stats.rankdata(outside.mean(0) / outside.std(0, ddof=1))[best] / (gains.shape[1] + 1)
    logits.append(np.log(rank / (1 - rank)))

z = [-9, -6, -3.1, -2.83, -2, -1, -0.3, 0, 0.3, 1, 2, 2.83, 3.1, 6]
levels = [1e-12, 1e-6, 0.001, 0.01, 0.07, 0.08, 0.3, 0.5, 0.7, 0.92, 0.93, 0.999, 1 - 1e-9]
students = [[t, df] for t in (-8, -2.5, -1, -0.1, 0, 0.4, 1.5, 4) for df in (1, 2, 5, 29, 249, 5000)]
print(json.dumps({
    "source": f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, arch {arch.__version__}, "
              f"numpy {np.__version__}, seed 9",
    "normal": [[own, stats.norm.cdf(own)] for own in z],
    "normalQuantile": [[own, stats.norm.ppf(own)] for own in levels],
    "student": [[t, df, stats.t.cdf(t, df)] for t, df in students],
    "differences": differences.tolist(),
    "hac": [{"lags": own, **hac(differences, own)} for own in (0, 1, lags, 12)],
    "dieboldMariano": {"lags": lags, "statistic": corrected, "pValue": 2 * stats.t.cdf(-abs(corrected), n - 1)},
    "nested": {"target": target.tolist(), "smaller": smaller.tolist(), "larger": larger.tolist()},
    "clarkWest": {**nested, "pValue": stats.norm.sf(nested["statistic"])},
    "losses": losses.T.tolist(),
    "draws": [own.tolist() for own in mcs._bootstrap_indices],
    "confidenceSet": [[int(model), float(p)] for model, p in mcs.pvalues.Pvalue.items()],
    "paperSharpe": paper,
    "profits": profits.tolist(),
    "sharpe": {"sharpe": sharpe, "skewness": skewness, "kurtosis": kurtosis, "above0": psr(0), "above.1": psr(0.1)},
    "gains": gains.T.tolist(),
    "overfitting": float(np.mean(np.array(logits) <= 0)),
}))
