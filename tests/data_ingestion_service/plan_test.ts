import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ArchiveFileRecord,
  DAY_MS,
  type Gap,
  intersectRanges,
  isEmptyRange,
  MINUTE_MS,
  subtractRanges,
  totalMs,
} from "../../src/core/mod.ts";
import { dailyFile, monthlyFile, parseArchiveName } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import {
  listedSpan,
  missingRanges,
  monthPublishedMs,
  planFiles,
  refreshRange,
} from "../../src/data_ingestion_service/planning/plan.ts";
import { BTC } from "../fakes/archive_files.ts";

const day = (text: string) => Date.parse(text);
const NOW = day("2024-06-10T10:00Z");

function record(name: string, verdict: ArchiveFileRecord["verdict"]): ArchiveFileRecord {
  const kind = name.length > "BTCUSDT-1m-2024-01.zip".length ? "daily" : "monthly";
  return { location: `https://x/data/spot/${name}`, kind, verdict, bytes: 1, rows: 1, fetchedAtMs: 0 };
}

Deno.test({
  name: "parseArchiveName() reads names of the series and nothing else",
  permissions: "none",
  fn() {
    for (const file of [dailyFile(BTC, day("2024-02-29T12:00Z")), monthlyFile(BTC, day("2024-12-31"))]) {
      assertEquals(parseArchiveName(BTC, file.kind, file.name), file);
    }
    assertEquals(
      dailyFile(BTC, day("2024-02-29T12:00Z")).path,
      "spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-29.zip",
    );
    assertEquals(monthlyFile(BTC, day("2024-02-29")).range, { startMs: day("2024-02-01"), endMs: day("2024-03-01") });
    for (
      const name of [
        "BTCUSDT-1m-2023-02-29.zip",
        "BTCUSDT-1m-2023-13-01.zip",
        "BTCUSDT-1m-2024-01-01.zip.CHECKSUM",
        "BTCUSDT-5m-2024-01-01.zip",
        "ETHUSDT-1m-2024-01-01.zip",
        "BTCUSDT-1m-2024-01.zip",
        "readme.txt",
      ]
    ) assertEquals(parseArchiveName(BTC, "daily", name), undefined, name);
  },
});

Deno.test({
  name: "planFiles() takes whole published months, days elsewhere, and nothing of today",
  permissions: "none",
  fn() {
    const missing = [{ startMs: day("2024-03-30"), endMs: day("2024-06-10T09:00Z") }];
    const names = planFiles({ series: BTC, missing, listed: undefined, known: [], nowMs: NOW }).map(({ name }) => name);
    assertEquals(names.slice(0, 4), [
      "BTCUSDT-1m-2024-03-30.zip",
      "BTCUSDT-1m-2024-03-31.zip",
      "BTCUSDT-1m-2024-04.zip",
      "BTCUSDT-1m-2024-05.zip",
    ]);
    assertEquals(names.slice(4), Array.from({ length: 9 }, (_, i) => `BTCUSDT-1m-2024-06-0${i + 1}.zip`));
    // Before the first Monday of June (the 3rd) and a day for the upload, May is not published.
    const early = planFiles({ series: BTC, missing, listed: undefined, known: [], nowMs: day("2024-06-03T12:00Z") });
    assertEquals(early.filter(({ kind }) => kind === "monthly").map(({ name }) => name), ["BTCUSDT-1m-2024-04.zip"]);
    assertEquals(monthPublishedMs({ startMs: day("2024-05-01"), endMs: day("2024-06-01") }), day("2024-06-04"));
  },
});

Deno.test({
  name: "planFiles() never reads a file again that gave its rows, but one that failed",
  permissions: "none",
  fn() {
    const missing = [{ startMs: day("2024-06-01"), endMs: day("2024-06-04") }];
    const known = [
      record("BTCUSDT-1m-2024-06-01.zip", "verified"),
      record("BTCUSDT-1m-2024-06-02.zip", "corrupt"),
      record("BTCUSDT-1m-2024-06-03.zip", "unverified"),
    ];
    const names = planFiles({ series: BTC, missing, listed: undefined, known, nowMs: NOW }).map(({ name }) => name);
    assertEquals(names, ["BTCUSDT-1m-2024-06-02.zip"]);
  },
});

Deno.test({
  name: "planFiles() covers each missing minute of listed files once",
  permissions: "none",
  fn() {
    const span = fc.tuple(fc.nat({ max: 89 }), fc.integer({ min: 1, max: 40 })).map(([from, length]) => ({
      startMs: day("2024-01-01") + from * DAY_MS + 7 * MINUTE_MS,
      endMs: day("2024-01-01") + (from + length) * DAY_MS + 9 * MINUTE_MS,
    }));
    const listedDays = fc.array(fc.nat({ max: 120 }), { maxLength: 60 });
    fc.assert(fc.property(fc.array(span, { maxLength: 4 }), listedDays, fc.boolean(), (missing, days, withMonth) => {
      const listed = [
        ...(withMonth ? [monthlyFile(BTC, day("2024-02-01"))] : []),
        ...[...new Set(days)].sort((a, b) => a - b).map((n) => dailyFile(BTC, day("2024-01-01") + n * DAY_MS)),
      ];
      const files = planFiles({ series: BTC, missing, listed, known: [], nowMs: NOW });
      for (const file of files) assert(missing.some((range) => !isEmptyRange(intersectRanges(range, file.range))));
      assert(files.every((file, i) => i === 0 || files[i - 1]!.range.startMs <= file.range.startMs));
      // All of the missing minutes that some listed file could give are given.
      const left = subtractRanges(missing, files.map(({ range }) => range));
      assertEquals(totalMs(subtractRanges(left, listed.map(({ range }) => range))), totalMs(left));
    }));
  },
});

Deno.test({
  name: "missingRanges() leaves out what is settled for good",
  permissions: "none",
  fn() {
    const gap = (startMs: number, endMs: number, cause: Gap["cause"]): Gap => ({
      startMs,
      endMs,
      minutes: endMs - startMs,
      cause,
      evidence: "",
      firstSeenAtMs: 0,
    });
    const gaps = [
      gap(10, 20, "outage"),
      gap(30, 40, "fetch_failed"),
      gap(50, 60, "not_listed"),
      gap(70, 80, "unknown"),
    ];
    assertEquals(
      missingRanges({ startMs: 0, endMs: 100 }, [{ startMs: 0, endMs: 10 }, { startMs: 80, endMs: 100 }], gaps),
      [
        { startMs: 20, endMs: 50 },
        { startMs: 60, endMs: 80 },
      ],
    );
  },
});

Deno.test({
  name: "refreshRange() is the newest closed minutes, where the range reaches them",
  permissions: "none",
  fn() {
    const endMs = day("2024-06-10T10:00Z");
    const range = { startMs: endMs - DAY_MS, endMs };
    assertEquals(refreshRange(BTC, range, endMs, 10), { startMs: endMs - 10 * MINUTE_MS, endMs });
    assertEquals(refreshRange(BTC, range, endMs + 4 * MINUTE_MS, 10), { startMs: endMs - 6 * MINUTE_MS, endMs });
    assert(isEmptyRange(refreshRange(BTC, range, endMs + DAY_MS, 10)));
    assert(isEmptyRange(refreshRange(BTC, range, endMs, 0)));
  },
});

Deno.test({
  name: "listedSpan() reaches from the first to the last file",
  permissions: "none",
  fn() {
    assertEquals(listedSpan([]), undefined);
    assertEquals(listedSpan([dailyFile(BTC, day("2024-01-05")), monthlyFile(BTC, day("2023-11-05"))]), {
      startMs: day("2023-11-01"),
      endMs: day("2024-01-06"),
    });
  },
});
