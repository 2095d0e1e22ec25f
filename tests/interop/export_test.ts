/** `ingest --export` read by pandas, polars and DuckDB in Python, held against the very text of the archive. */
import { assertEquals } from "@std/assert";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { runIngest, SAMPLE } from "../e2e/ingest_program.ts";
import { interopTest, runPython } from "./python.ts";

interface Readings {
  readonly pandas: Reading;
  readonly polars: Reading;
  readonly duckdb: Reading;
  readonly zips: Reading;
  readonly digest: string;
}

interface Reading {
  readonly rows: number;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly trades: number;
  readonly first: string;
  readonly last: string;
  readonly months: number;
}

const READ = `
import csv, decimal, glob, hashlib, io, json, os, struct, sys, zipfile
from decimal import Decimal
import duckdb, pandas as pd, polars as pl
decimal.getcontext().prec = 60
root, sample, kind = sys.argv[1:4]
exact = lambda value: value if isinstance(value, Decimal) else Decimal(repr(float(value)))
total = lambda values: str(sum((exact(v) for v in values), Decimal(0)).quantize(Decimal("1e-8")))
def reading(frame, months):
    return {
        "rows": len(frame), "volume": total(frame["volume"]), "quoteVolume": total(frame["quote_volume"]),
        "trades": int(sum(frame["trade_count"])), "first": str(frame["open_time"][0])[:19],
        "last": str(frame["open_time"][len(frame) - 1])[:19], "months": months,
    }
frame = pd.read_parquet(root).sort_values("open_time").reset_index(drop=True)
pandas = reading(frame, frame["month"].nunique())
lazy = pl.read_parquet(f"{root}/**/*.parquet", hive_partitioning=True).sort("open_time")
polars = reading(lazy, lazy["month"].n_unique())
table = duckdb.sql(f"FROM read_parquet('{root}/**/*.parquet', hive_partitioning = true) ORDER BY open_time")
rows = {name: [row[i] for row in table.fetchall()] for i, name in enumerate(table.columns)}
rows["n"] = len(rows["volume"])
class Rows(dict):
    def __len__(self): return self["n"]
duck = reading(Rows(rows), len(set(rows["month"])))
lines = []
for path in sorted(glob.glob(f"{sample}/spot/daily/klines/BTCUSDT/1m/*.zip")):
    with zipfile.ZipFile(path) as archive:
        lines += list(csv.reader(io.TextIOWrapper(archive.open(archive.namelist()[0]))))
stamp = lambda ms: str(pd.Timestamp(int(ms), unit="ms"))
zips = {
    "rows": len(lines), "volume": total(Decimal(line[5]) for line in lines),
    "quoteVolume": total(Decimal(line[7]) for line in lines), "trades": sum(int(line[8]) for line in lines),
    "first": stamp(lines[0][0]), "last": stamp(lines[-1][0]), "months": len({stamp(line[0])[:7] for line in lines}),
}
manifest = json.load(open(glob.glob(f"{root}/**/_manifest.json", recursive=True)[0]))
base = os.path.dirname(glob.glob(f"{root}/**/_manifest.json", recursive=True)[0])
for file in manifest["files"]:
    assert hashlib.sha256(open(f"{base}/{file['path']}", "rb").read()).hexdigest() == file["sha256"], file
days = {}
epoch = lambda t: (t.value if hasattr(t, "value") else pd.Timestamp(t).value) // 1_000_000
for r in frame.itertuples():
    open_ms, close_ms = epoch(pd.Timestamp(r.open_time).as_unit("ns")), epoch(pd.Timestamp(r.close_time).as_unit("ns"))
    packed = struct.pack("<q5dqdidd", open_ms, *map(float, (r.open, r.high, r.low, r.close, r.volume)), close_ms,
        float(r.quote_volume), int(r.trade_count), float(r.taker_buy_base_volume), float(r.taker_buy_quote_volume))
    days.setdefault(str(r.open_time)[:10], hashlib.sha256()).update(packed)
whole = hashlib.sha256()
for day in sorted(days):
    whole.update(day.encode() + days[day].digest())
assert manifest["datasetDigest"] == whole.hexdigest(), (manifest["datasetDigest"], whole.hexdigest())
print(json.dumps({"pandas": pandas, "polars": polars, "duckdb": duck, "zips": zips, "digest": whole.hexdigest()}))
`;

interopTest("pandas, polars and DuckDB read an export to the last digit, and its digest from the files", async (t) => {
  await using tmp = await tmpDir();
  for (const type of ["double", "decimal"] as const) {
    await t.step(type, async () => {
      const out = `${tmp.path}/reports/${type}`;
      const { code, json, stderr } = await runIngest(tmp.path, [
        ...[
          "--archive-dir",
          SAMPLE,
          "--no-report",
          "--no-features",
          "--export",
          `parquet:${out}`,
          "--export-type",
          type,
        ],
      ], { read: [SAMPLE] });
      assertEquals(code, 0, stderr);
      const { pandas, polars, duckdb, zips, digest } = await runPython<Readings>({ code: READ }, [out, SAMPLE, type]);
      assertEquals(digest, json.datasetDigest);
      assertEquals(zips.rows, json.rows!.present);
      for (const found of [pandas, polars, duckdb]) assertEquals(found, zips);
    });
  }
});
