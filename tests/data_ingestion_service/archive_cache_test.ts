import { assertEquals } from "@std/assert";
import { DAY_MS, seededRandom } from "../../src/core/mod.ts";
import { FolderArchiveCache } from "../../src/data_ingestion_service/archive/archive_cache.ts";
import { ArchiveHttp } from "../../src/data_ingestion_service/archive/archive_http.ts";
import { type ArchiveFile, dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { ingest } from "../../src/data_ingestion_service/ingest.ts";
import { archiveZip, BTC, checksumText } from "../fakes/archive_files.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { CANDLES, NOW, setup, START } from "./ingest_setup.ts";

const FILES = [0, 1, 2, 3, 4].map((day) => dailyFile(BTC, START + day * DAY_MS));

function published(): Map<string, Uint8Array | string> {
  const archive = new Map<string, Uint8Array | string>();
  for (const file of FILES) {
    const bytes = archiveZip(file, CANDLES);
    archive.set(file.path, bytes).set(`${file.path}.CHECKSUM`, checksumText(file.name, bytes));
  }
  return archive;
}

function openArchive(server: FakeExchangeServer, cache: FolderArchiveCache): ArchiveHttp {
  const clock = new SimulatedClock(NOW);
  return new ArchiveHttp({
    origins: [server.origin],
    attempts: 1,
    timeoutMs: 5_000,
    clock,
    random: seededRandom(1),
    cache,
  });
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("a run that was cut off before it committed asks for checksums alone when it is run again", async () => {
  await using tmp = await tmpDir();
  const folder = `${tmp.path}/archive_cache`;
  await using server = new FakeExchangeServer({ markets: {}, archive: published() });
  const cut = openArchive(server, new FolderArchiveCache(folder, 1e9));
  for (const file of FILES.slice(0, 3)) await cut.fetch(file);
  await Deno.writeFile(`${folder}/${FILES[3]!.name}.0.part`, new Uint8Array(10)); // killed while writing

  const before = server.requests.length;
  await using cache = new FolderArchiveCache(folder, 1e9);
  const { deps } = setup({ archive: openArchive(server, cache) });
  const request = { series: BTC, source: "archive", sinceMs: START, untilMs: START + 5 * DAY_MS } as const;
  const { files, rows } = await ingest(request, deps);
  assertEquals([rows.present, files.verified, files.cached], [5 * 1440 - 80, 5, 3]);
  const zips = server.requests.slice(before).map(({ endpoint }) => endpoint).filter((path) => path.endsWith(".zip"))
    .sort();
  assertEquals(zips, FILES.slice(3).map(({ path }) => path));
  await cache[Symbol.asyncDispose]();
  assertEquals(namesIn(folder), FILES.map(({ name }) => name).sort());
});

Deno.test("the cache gives nothing that is not what the archive publishes now", async () => {
  await using tmp = await tmpDir();
  const archive = published();
  await using server = new FakeExchangeServer({ markets: {}, archive });
  const folder = `${tmp.path}/archive_cache`, cache = new FolderArchiveCache(folder, 1e9);
  const [file, other, third] = FILES as [ArchiveFile, ArchiveFile, ArchiveFile];
  const source = openArchive(server, cache);
  const fetched = async (each: ArchiveFile) => {
    const answer = await source.fetch(each);
    return answer.found ? [answer.cached ?? false, answer.bytes.length] : undefined;
  };
  const size = (archive.get(file.path) as Uint8Array).length;
  assertEquals(await fetched(file), [false, size]);
  assertEquals(await fetched(file), [true, size]);
  await Deno.writeFile(`${folder}/${file.name}`, new Uint8Array(size)); // damaged on disk
  assertEquals(await fetched(file), [false, size]);
  assertEquals(await fetched(file), [true, size]);
  const replaced = archiveZip({ ...file, range: { ...file.range, endMs: file.range.endMs - 60_000 } }, CANDLES);
  archive.set(file.path, replaced).set(`${file.path}.CHECKSUM`, checksumText(file.name, replaced));
  assertEquals(await fetched(file), [false, replaced.length]);
  archive.delete(`${other.path}.CHECKSUM`);
  archive.set(`${third.path}.CHECKSUM`, checksumText(third.name, new Uint8Array(1)));
  await fetched(other);
  await fetched(third);
  assertEquals(namesIn(folder), [file.name], "what is not proven is not kept");
});

Deno.test("the cache keeps the newest files within its size, and makes no folder for nothing", async () => {
  await using tmp = await tmpDir();
  const folder = `${tmp.path}/archive_cache`;
  await using unused = new FolderArchiveCache(folder, 100);
  await unused.prune();
  assertEquals(namesIn(tmp.path), []);
  await using cache = new FolderArchiveCache(folder, 100);
  for (const [i, file] of FILES.entries()) {
    await cache.write(file, new Uint8Array(i === 4 ? 101 : 40));
    if (i < 4) await Deno.utime(`${folder}/${file.name}`, 1_700_000_000 + i, 1_700_000_000 + i);
  }
  assertEquals(namesIn(folder).length, 4, "a file larger than the cache is not kept");
  await cache.prune();
  assertEquals(namesIn(folder), [FILES[2]!.name, FILES[3]!.name]);
});
