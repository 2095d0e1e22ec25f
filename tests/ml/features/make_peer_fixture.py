"""Makes peer_fixture.json: what pandas says of features of the bundled sample.

pip install pandas; python tests/ml/features/make_peer_fixture.py > tests/ml/features/peer_fixture.json
"""
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

SAMPLE = Path("feature_store/sample/spot/daily/klines/BTCUSDT/1m")
COLUMNS = ["open_time", "open", "high", "low", "close", "volume", "close_time", "quote", "trades", "taker", "taker_quote", "ignore"]


def read(path):
    with zipfile.ZipFile(path) as archive:
        return pd.read_csv(archive.open(archive.namelist()[0]), header=None, names=COLUMNS)


candles = pd.concat([read(path) for path in sorted(SAMPLE.glob("*.zip"))], ignore_index=True)
candles.index = pd.to_datetime(candles.open_time, unit="ms")
grid = candles.asfreq("min")  # minutes without a candle are rows of NaN
r = 1e4 * np.log(grid.close).diff()


def window(series, minutes):
    return series.rolling(minutes, min_periods=minutes if minutes <= 60 else minutes // 2)


def mean(series, minutes):
    return window(series, minutes).mean()


def relative(series, minutes):
    usual = pd.concat([series.shift(1440 * day) for day in range(1, 22)], axis=1)
    usual = usual.mean(axis=1).where(usual.count(axis=1) >= 11)
    return np.log((mean(series, minutes) / mean(usual, minutes)).clip(lower=0.01))


sigma = np.sqrt(mean(r**2, 240))
bipower = np.pi / 2 * r.abs() * r.abs().shift(1)
park = (1e4 * np.log(grid.high / grid.low)) ** 2 / (4 * np.log(2))
body = (1e4 * np.log(grid.close / grid.open)) ** 2
typical_day = pd.concat([r.abs().shift(1440 * day) for day in range(0, 21)], axis=1).mean(axis=1)
wilder = dict(alpha=1 / 14, adjust=True)
features = pd.DataFrame({
    "return_z_60": 1e4 * np.log(grid.close / grid.close.shift(60)) / (sigma * np.sqrt(60)),
    "return_lag_z_2": r.shift(2) / sigma,
    "rv_10080": mean(r**2, 10_080),
    "rv_31680": mean(r**2, 31_680),
    "downside_share_240": mean((r**2).where(r < 0, 0), 240) / mean(r**2, 240),
    "log_absolute_variation_60": np.log(np.pi / 2 * mean(r.abs(), 60) ** 2),
    "log_bipower_60": np.log(bipower.rolling(59).mean()),
    "jump_share_1440": (1 - bipower.rolling(1439, min_periods=719).mean() / mean(r**2, 1440)).clip(lower=0),
    "log_parkinson_15": np.log(mean(park, 15)),
    "log_garman_klass_60": np.log(mean(2 * np.log(2) * park - (2 * np.log(2) - 1) * body, 60)),
    "taker_imbalance_15": (2 * grid.taker - grid.volume).rolling(15).sum() / grid.volume.rolling(15).sum(),
    "volume_relative_15": relative(grid.volume, 15),
    "trade_count_relative_60": relative(grid.trades, 60),
    "volatility_relative_15": relative(r.abs(), 15),
    # typical_day at t is the usual level of the minute a day after t
    "volatility_ahead_15": np.log(typical_day.shift(1440 - 15).rolling(15).mean() / mean(typical_day, 1440)),
    "vwap_distance_z_240": 1e4 * np.log(grid.close / (window(grid.quote, 240).sum() / window(grid.volume, 240).sum())) / (sigma * np.sqrt(240)),
    "range_position_10080": (grid.close - window(grid.low, 10_080).min()) / (window(grid.high, 10_080).max() - window(grid.low, 10_080).min()),
    "rsi_14": 100 * r.clip(lower=0).ewm(**wilder).mean() / r.abs().ewm(**wilder).mean(),
    "ema_distance_z_60": (1e4 * np.log(grid.close) - (1e4 * np.log(grid.close)).ewm(span=60).mean()) / (sigma * np.sqrt(60)),
})
# Far enough from the start for every look-back; the candle at t closes at the decision time t + 1 minute.
rows = features.iloc[33_000::2_711]
assert rows.notna().all(axis=None)
print(json.dumps({
    "source": f"pandas {pd.__version__}, numpy {np.__version__}",
    "decisionTimes": [(at + pd.Timedelta(minutes=1)).isoformat() + "Z" for at in rows.index],
    "values": {name: rows[name].tolist() for name in rows.columns},
}, allow_nan=False))
