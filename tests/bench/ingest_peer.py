"""The peer of the ingest bench: the same zips into DuckDB by pandas, as one would write it in Python.

Usage: ingest_peer.py MIRROR DATABASE. Hashes, unzips (zipfile checks the CRC), parses, checks the rows and stores them.
"""
import hashlib
import io
import pathlib
import sys
import zipfile

import duckdb
import pandas as pd

COLUMNS = [
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trade_count",
    "taker_buy_base_volume", "taker_buy_quote_volume", "ignore",
]

mirror, database = pathlib.Path(sys.argv[1]), sys.argv[2]
files = sorted((mirror / "spot/daily/klines/BTCUSDT/1m").glob("*.zip"))
frames, hashes = [], []
for path in files:
    data = path.read_bytes()
    hashes.append((path.name, hashlib.sha256(data).hexdigest(), len(data)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        with archive.open(path.stem + ".csv") as member:
            frames.append(pd.read_csv(member, header=None, names=COLUMNS))
candles = pd.concat(frames, ignore_index=True).drop(columns="ignore")
assert candles.open_time.is_monotonic_increasing and candles.open_time.is_unique
assert (candles.open_time % 60_000 == 0).all()
assert (candles.high >= candles[["open", "close"]].max(axis=1)).all()
assert (candles.low <= candles[["open", "close"]].min(axis=1)).all()
assert (candles.taker_buy_base_volume <= candles.volume).all()
candles["open_time"] = pd.to_datetime(candles.open_time, unit="ms")
candles["close_time"] = pd.to_datetime(candles.close_time, unit="ms")
connection = duckdb.connect(database)
connection.execute("SET threads = 2")
connection.execute(
    "CREATE TABLE candles AS SELECT 'binance' AS exchange, 'BTC/USDT' AS symbol, '1m' AS \"interval\", *, "
    "'daily' AS source FROM candles ORDER BY open_time"
)
connection.execute("CREATE TABLE archive_files (location VARCHAR, sha256 VARCHAR, bytes BIGINT)")
connection.executemany("INSERT INTO archive_files VALUES (?, ?, ?)", hashes)
connection.close()
print(len(candles))
