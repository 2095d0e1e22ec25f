import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DAY_MS, DomainError, seededRandom } from "../../src/core/mod.ts";
import { ArchiveHttp } from "../../src/data_ingestion_service/archive/archive_http.ts";
import { dailyFile, monthlyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { ArchiveMirror } from "../../src/data_ingestion_service/archive/archive_mirror.ts";
import { readArchiveFile } from "../../src/data_ingestion_service/archive/archive_reader.ts";
import { parseChecksum } from "../../src/data_ingestion_service/archive/archive_source.ts";
import { archiveZip, BTC, checksumText, writeMirror, zipOf } from "../fakes/archive_files.ts";
import { klineCsv, walkCandles } from "../fakes/candles.ts";
import { type FakeExchangeOptions, FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const START = Date.UTC(2024, 0, 10);
const CANDLES = walkCandles({ startMs: START, endMs: START + 2 * DAY_MS });
const FILE = dailyFile(BTC, START);
const ZIP = archiveZip(FILE, CANDLES);
const RULES = { interval: "1m", priceTolerance: 1e-6, closeTimeExceptions: new Map() } as const;
const READ = { rules: RULES, attempts: 3, nowMs: 5 };

/** An archive over HTTP with the given files, and what is done to requests. */
function overHttp(files: ReadonlyMap<string, Uint8Array | string>, fault?: FakeExchangeOptions["fault"]) {
  const clock = new SimulatedClock(0);
  const server = new FakeExchangeServer({ markets: {}, archive: files, ...(fault === undefined ? {} : { fault }) });
  const source = new ArchiveHttp({
    origins: [server.origin],
    attempts: 3,
    timeoutMs: 2_000,
    clock,
    random: seededRandom(1),
  });
  return {
    server,
    source,
    read: (file = FILE) => clock.run(readArchiveFile(source, file, READ)).then((outcome) => outcome!),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
const WITH_CHECKSUM = new Map<string, Uint8Array | string>([
  [FILE.path, ZIP],
  [`${FILE.path}.CHECKSUM`, checksumText(FILE.name, ZIP)],
]);

Deno.test("ArchiveMirror lists the files of a series, monthly and daily", async () => {
  await using tmp = await tmpDir();
  await writeMirror(tmp.path, CANDLES, { checksums: true });
  const month = monthlyFile(BTC, START - 20 * DAY_MS);
  await Deno.mkdir(`${tmp.path}/spot/monthly/klines/BTCUSDT/1m`, { recursive: true });
  await Deno.writeFile(`${tmp.path}/${month.path}`, zipOf("x.csv", ""));
  await Deno.writeTextFile(`${tmp.path}/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-13-01.zip`, "");
  const mirror = new ArchiveMirror(tmp.path);
  assertEquals((await mirror.list(BTC)).map(({ name }) => name), [
    month.name,
    FILE.name,
    dailyFile(BTC, START + DAY_MS).name,
  ]);
  assertEquals(await mirror.list({ ...BTC, symbol: "ETH/USDT" }), []);
  const none = new ArchiveMirror(`${tmp.path}/none`);
  assertEquals((await assertRejects(() => none.list(BTC), DomainError)).code, "not-found");
});

Deno.test("readArchiveFile() verifies a file with its checksum, and counts one without as unverified", async () => {
  await using tmp = await tmpDir();
  await writeMirror(tmp.path, CANDLES);
  const mirror = new ArchiveMirror(tmp.path);
  const plain = await readArchiveFile(mirror, FILE, READ);
  assert(plain.ok);
  assertEquals([plain.batch.file!.verdict, plain.batch.file!.rows, plain.batch.columns.length], [
    "unverified",
    1440,
    1440,
  ]);
  await Deno.writeTextFile(`${tmp.path}/${FILE.path}.CHECKSUM`, checksumText(FILE.name, ZIP));
  const verified = await readArchiveFile(mirror, FILE, READ);
  assert(verified.ok);
  assertEquals(verified.batch.file!.verdict, "verified");
  assertEquals(verified.batch.file!.expectedSha256, verified.batch.file!.actualSha256);
});

Deno.test("readArchiveFile() takes nothing of a file that fails a proof, and says what is wrong", async (t) => {
  await using tmp = await tmpDir();
  const mirror = new ArchiveMirror(tmp.path);
  await writeMirror(tmp.path, CANDLES);
  const csv = klineCsv(walkCandles(FILE.range));
  const member = FILE.name.replace(".zip", ".csv");
  const lines = csv.split("\n");
  const swapped = [lines[1], lines[0], ...lines.slice(2)].join("\n");
  const cases: Readonly<Record<string, readonly [Uint8Array, string, number, string]>> = {
    "cut off": [ZIP.subarray(0, ZIP.length - 100), "archive-unreadable", 4, "cut off"],
    "empty": [new Uint8Array(), "archive-unreadable", 4, "(0 bytes)"],
    "another member": [zipOf("other.csv", csv), "archive-unreadable", 4, "'other.csv'"],
    "a missing column": [
      zipOf(member, csv.replaceAll(/,0$/gm, "")),
      "invariant-violated",
      5,
      "11 columns instead of 12",
    ],
    "no number": [zipOf(member, csv.replace(/^(\d+),[\d.]+/, "$1,abc")), "invariant-violated", 5, "'abc'"],
    "rows in disorder": [zipOf(member, swapped), "invariant-violated", 5, "row 2 (2024-01-10T00:00:00Z)"],
    "another day": [
      archiveZip({ ...dailyFile(BTC, START + DAY_MS), name: FILE.name }, CANDLES),
      "invariant-violated",
      5,
      "outside",
    ],
  };
  for (const [name, [bytes, code, exit, part]] of Object.entries(cases)) {
    await t.step(name, async () => {
      await Deno.writeFile(`${tmp.path}/${FILE.path}`, bytes);
      const outcome = await readArchiveFile(mirror, FILE, READ);
      assert(!outcome.ok && outcome.error !== undefined);
      assertEquals([outcome.error.code, outcome.error.traits.exit], [code, exit]);
      assertStringIncludes(outcome.error.message, part);
      assertStringIncludes(outcome.error.message, FILE.path);
      assertEquals([outcome.record.verdict, outcome.record.rows], ["corrupt", 0]);
    });
  }
  await t.step("another checksum", async () => {
    await Deno.writeFile(`${tmp.path}/${FILE.path}`, ZIP);
    await Deno.writeTextFile(`${tmp.path}/${FILE.path}.CHECKSUM`, `${"0".repeat(64)}  ${FILE.name}\n`);
    const outcome = await readArchiveFile(mirror, FILE, READ);
    assert(!outcome.ok);
    assertEquals([outcome.error?.code, outcome.record.verdict], ["checksum-mismatch", "mismatch"]);
  });
  await t.step("no checksum at all", async () => {
    await Deno.writeTextFile(`${tmp.path}/${FILE.path}.CHECKSUM`, "<html>");
    const outcome = await readArchiveFile(mirror, FILE, READ);
    assert(!outcome.ok);
    assertEquals([outcome.error?.code, outcome.record.verdict], ["checksum-mismatch", "mismatch"]);
  });
});

Deno.test("ArchiveHttp gets a file and its checksum", async () => {
  await using archive = overHttp(WITH_CHECKSUM);
  const outcome = await archive.read();
  assert(outcome.ok);
  assertEquals([outcome.batch.file!.verdict, outcome.refetched], ["verified", 0]);
  assertEquals(outcome.batch.file!.location, `${archive.server.origin}/data/${FILE.path}`);
});

Deno.test("ArchiveHttp says that a file is not there", async () => {
  await using archive = overHttp(new Map());
  const outcome = await archive.read();
  assert(!outcome.ok);
  assertEquals([outcome.record.verdict, outcome.error], ["missing", undefined]);
});

Deno.test("ArchiveHttp asks again after a fault or half a file, and counts it", async () => {
  await using archive = overHttp(
    WITH_CHECKSUM,
    (path, count) => path === FILE.path ? ([{ status: 503 }, "cut"] as const)[count - 1] : undefined,
  );
  const outcome = await archive.read();
  assert(outcome.ok);
  assertEquals(outcome.refetched, 2);
});

Deno.test("readArchiveFile() fetches a file again whose checksum differs, and records one that stays so", async () => {
  const files = new Map(WITH_CHECKSUM).set(`${FILE.path}.CHECKSUM`, `${"0".repeat(64)}  ${FILE.name}\n`);
  await using wrong = overHttp(files);
  const outcome = await wrong.read();
  assert(!outcome.ok);
  assertEquals([outcome.record.verdict, outcome.refetched, outcome.error?.code], ["mismatch", 2, "checksum-mismatch"]);
  assertEquals(wrong.server.countOf(FILE.path), 3);
  // The archive was being replaced: the second answer fits.
  await using late = overHttp(
    WITH_CHECKSUM,
    (path, count) =>
      path.endsWith(".CHECKSUM") && count === 1
        ? { status: 200, body: `${"0".repeat(64)}  ${FILE.name}\n` }
        : undefined,
  );
  const second = await late.read();
  assert(second.ok);
  assertEquals([second.refetched, second.batch.file!.verdict], [1, "verified"]);
  // A page of something else in the checksum's place is no checksum, and is asked for again as well.
  await using garbled = overHttp(
    WITH_CHECKSUM,
    (path, count) => path.endsWith(".CHECKSUM") && count === 1 ? { status: 200, body: "<html>" } : undefined,
  );
  const third = await garbled.read();
  assert(third.ok);
  assertEquals([third.refetched, third.batch.file!.verdict], [1, "verified"]);
});

Deno.test("ArchiveHttp gives up on a host that stays down, as a failure of the file", async () => {
  await using archive = overHttp(WITH_CHECKSUM, () => ({ status: 500 }));
  const outcome = await archive.read();
  assert(!outcome.ok);
  assertEquals([outcome.error?.code, outcome.unreached], ["fetch-failed", true]);
});

Deno.test({
  name: "parseChecksum() takes the published form for this file alone",
  permissions: "none",
  fn() {
    const hex = "4ec2915E610ab4e9a4d5e86a5ada1c15bbf6b5db343cdb385681d6ac97166a4e";
    assertEquals(parseChecksum(`${hex}  a.zip\n`, "a.zip"), hex.toLowerCase());
    assertEquals(parseChecksum(`${hex} *a.zip`, "a.zip"), hex.toLowerCase());
    for (const text of ["", hex, `${hex}  b.zip`, `${hex.slice(1)}  a.zip`, `<${hex}  a.zip`]) {
      assertEquals(parseChecksum(text, "a.zip"), undefined, text);
    }
  },
});
