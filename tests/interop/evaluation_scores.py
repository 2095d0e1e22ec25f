"""Computes a run's scores by pandas, scikit-learn and scipy: from predictions, baselines, and what was tried before."""
import json
import sys

import numpy as np
import pandas as pd
from scipy.special import logit
from scipy.stats import kurtosis, norm, skew
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, mean_pinball_loss, roc_auc_score

LEVELS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
rows = pd.read_parquet(sys.argv[1]).join(pd.read_parquet(sys.argv[2]).drop(columns="decision_time"))
horizon = int(rows["horizon_minutes"].iloc[0])
move = rows["outcome_return_bps"].astype(float)
variance = rows["outcome_realized_variance_bps2"].astype(float).clip(lower=0.01 * horizon)
minute = (rows["decision_time"] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(minutes=1)
moved = rows["outcome_up"].notna()
up = rows.loc[moved, "outcome_up"].astype(int)


def column(prefix, name):
    key = f"{prefix}{name}"
    return rows[key].astype(float) if key in rows else None


def qlike(prefix):
    ratio = variance / column(prefix, "volatility_bps") ** 2
    return ratio - np.log(ratio) - 1


def pinball(prefix):
    levels = [(move, column(prefix, f"quantile_bps_{level}"), level) for level in LEVELS]
    return sum(np.maximum(level * (y - q), (level - 1) * (y - q)) for y, q, level in levels) / len(LEVELS)


def direction_loss(prefix):
    p = column(prefix, "probability_up")[moved]
    return -np.log(np.where(up == 1, p, 1 - p))


def quantile_scores(quantiles):
    found = {"pinball": np.mean([mean_pinball_loss(move, q, alpha=level) for level, q in quantiles.items()])}
    for percent, low, high in [(50, 0.25, 0.75), (80, 0.1, 0.9), (90, 0.05, 0.95), (98, 0.01, 0.99)]:
        found[f"coverage_{percent}"] = ((move >= quantiles[low]) & (move <= quantiles[high])).mean()
        found[f"width_{percent}"] = (quantiles[high] - quantiles[low]).mean()
    return found


def scores(prefix):
    found = {}
    if column(prefix, "volatility_bps") is not None:
        found["qlike"] = qlike(prefix)[minute % horizon == 0].mean()
        sigma = column(prefix, "volatility_bps")
        if sigma.nunique() > 1:
            found["log_variance_r2"] = np.corrcoef(np.log(sigma**2), np.log(variance))[0, 1] ** 2
    if column(prefix, "probability_up") is not None:
        p = column(prefix, "probability_up")[moved]
        found |= {
            "log_loss": log_loss(up, p),
            "brier": brier_score_loss(up, p),
            "auc": roc_auc_score(up, p),
            "auc_fold_mean": np.mean([roc_auc_score(up[i], p[i]) for i in up.groupby(rows["fold"]).groups.values()]),
            "accuracy": ((p > 0.5) == (up == 1)).mean(),
        }
    if column(prefix, "quantile_bps_0.5") is not None:
        found |= quantile_scores({level: column(prefix, f"quantile_bps_{level}") for level in LEVELS})
    return found


metrics = scores("")
names = ["climatology", "contrarian", "ewma", "har", "har_diurnal", "har_x"]
for name in names:
    prefix = f"baseline_{name}_"
    metrics |= {f"{prefix}{score}": value for score, value in scores(prefix).items()}
    if column(prefix, "volatility_bps") is not None:
        metrics[f"qlike_gain_{name}"] = (qlike(prefix) - qlike("")).mean()
        metrics[f"pinball_gain_{name}"] = (pinball(prefix) - pinball("")).mean()
    if column(prefix, "probability_up") is not None:
        metrics[f"log_loss_gain_{name}"] = (direction_loss(prefix) - direction_loss("")).mean()
        theirs = ((column(prefix, "probability_up")[moved] > 0.5) == (up == 1)).mean()
        metrics[f"accuracy_gain_{name}"] = metrics["accuracy"] - theirs

p = column("", "probability_up")
line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit(p[moved]).to_numpy()[:, None], up)
metrics["calibration_slope"], metrics["calibration_intercept"] = line.coef_[0, 0], line.intercept_[0]

held = rows[minute % horizon == 0]
position = np.sign(held["probability_up"].astype(float) - 0.5)
profit = position * 1e4 * np.expm1(held["outcome_return_bps"].astype(float) / 1e4)
daily = profit.groupby(held["decision_time"].dt.floor("D")).sum()
metrics["sharpe_daily_gross"] = daily.mean() / daily.std(ddof=1)

# Bailey & Lopez de Prado 2014, equations 1 to 3.
tried = json.loads(sys.argv[3])
sharpe, count = metrics["sharpe_daily_gross"], tried["count"]
shape = 1 - skew(daily) * sharpe + (kurtosis(daily, fisher=False) - 1) / 4 * sharpe**2
first, second = norm.ppf(1 - 1 / count), norm.ppf(1 - 1 / (count * np.e))
largest = np.std([*tried["sharpes"], sharpe], ddof=1) * ((1 - np.euler_gamma) * first + np.euler_gamma * second)
for name, benchmark in [("probabilistic_sharpe", 0), ("deflated_sharpe", largest)]:
    metrics[name] = norm.cdf((sharpe - benchmark) * np.sqrt((len(daily) - 1) / shape))
metrics["sharpe_cost_0"] = metrics["sharpe_daily_gross"] * np.sqrt(365)

gain = qlike("baseline_har_x_") - qlike("")
groups = {
    "hours": rows["decision_time"].dt.strftime("%H"),
    "months": rows["decision_time"].dt.strftime("%Y-%m"),
    "years": rows["decision_time"].dt.strftime("%Y"),
    "folds": rows["fold"].astype(str),
}
tables = {}
for table, key in groups.items():
    tables[table] = {
        name: {
            "rows": int(len(index)),
            "qlike": qlike("")[index].mean(),
            "pinball": pinball("")[index].mean(),
            "auc": roc_auc_score(up[index.intersection(up.index)], p[index.intersection(up.index)]),
            "coverage_90": ((move >= rows["quantile_bps_0.05"]) & (move <= rows["quantile_bps_0.95"]))[index].mean(),
            "gain": gain[index].mean(),
        }
        for name, index in rows.groupby(key).groups.items()
    }


def adaptive_quantiles(step_size=0.005):
    """Gibbs & Candes 2021 on each of the nine levels, from the forecast's quantiles and returns alone."""
    tau, z = np.array(LEVELS), norm.ppf(LEVELS)
    given = rows[[f"quantile_bps_{level}" for level in LEVELS]].to_numpy(np.float64)
    at, returns = minute.to_numpy(), move.to_numpy()
    edge, slope = norm.ppf(0.001), 1 / norm.pdf(norm.ppf(0.001))
    asked, fitted, learnt = tau.copy(), np.empty_like(given, dtype=np.float32), 0
    for row in range(len(given)):
        while at[learnt] + horizon <= at[row]:
            asked += step_size * 4 * tau * (1 - tau) / horizon * (tau - (returns[learnt] <= fitted[learnt]))
            learnt += 1
        inner = norm.ppf(np.clip(asked, 0.001, 0.999))
        x = inner + slope * (np.minimum(asked - 0.001, 0) + np.maximum(asked - 0.999, 0))
        piece = np.clip(np.searchsorted(z, x), 1, len(z) - 1)
        low, high = given[row, piece - 1], given[row, piece]
        fitted[row] = low + (high - low) * (x - z[piece - 1]) / (z[piece] - z[piece - 1])
    return np.sort(fitted, axis=1)


adaptive = adaptive_quantiles()
for level in (0.05, 0.95):
    kept = rows[f"adaptive_quantile_bps_{level}"].to_numpy()
    assert np.allclose(kept, adaptive[:, LEVELS.index(level)], rtol=1e-5, atol=1e-5), level
metrics |= {f"adaptive_{name}": value for name, value in quantile_scores(dict(zip(LEVELS, adaptive.T))).items()}
print(json.dumps({"metrics": {name: float(value) for name, value in metrics.items()}, "tables": tables}))
