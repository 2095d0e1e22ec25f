import { CHAIN_START, DAY_MS, toIsoDay } from "../../core/mod.ts";
import type { Anchor } from "./anchors.ts";
import { chainLink, chainStart, unsealLine } from "./chain.ts";
import { cannotUse, isConfiguredWrongly, predictionLogAt } from "./configured_path.ts";

/** What {@linkcode verifyInstance} found in an instance's folder. */
export interface InstanceVerdict {
  /** Name of the folder. */
  readonly instance: string;
  /** Records whose place in the chain is proven. */
  readonly records: number;
  /** How many of them lie at or before the last anchor: these cannot have been cut off or written anew. */
  readonly anchored: number;
  /** Bytes of a last batch that was not written to its end, as a kill leaves it; 0 where there is none. */
  readonly tornBytes: number;
  /** Link of the first batch; null where none is proven. No two instances have the same. */
  readonly firstLink: string | null;
  /** The first thing that is wrong, or null. */
  readonly problem: string | null;
}

/** Where a walk along a chain is. */
interface Cursor {
  /** Last record seen. */
  n: number;
  /** Last record whose batch was sealed and proven. */
  proven: number;
  /** Link of that batch; before it, of the start. */
  link: string;
  /** Link of the first batch. */
  firstLink: string | null;
  /** When the last record seen was given, epoch milliseconds; NaN where it does not say. */
  atMs: number;
  /** Lines seen since then. */
  batch: string[];
}

/** From so long after the start of its name's day on, what a file holds is not of that day: a batch waits over midnight. */
const RENAMED_MS = 2 * DAY_MS;

/**
 * Follows an instance's chain through its files and compares it with the anchors. An edited, removed, inserted or
 * moved line breaks the chain in its batch, and a copy under another name in the first; lines cut off at the end are missed
 * by an anchor. A file whose name's date is before what it holds was renamed.
 */
export async function verifyInstance(
  folder: string,
  options: { readonly instance: string; readonly key: Uint8Array; readonly anchors: readonly Anchor[] },
): Promise<InstanceVerdict> {
  const { instance, key, anchors } = options;
  const start = chainStart(key, instance);
  const cursor: Cursor = { n: 0, proven: 0, link: start, firstLink: null, atMs: NaN, batch: [] };
  const open = [...anchors];
  let anchored = 0;
  const verdict = (problem: string | null, tornBytes = 0): InstanceVerdict => ({
    instance,
    records: cursor.proven,
    anchored,
    tornBytes,
    firstLink: cursor.firstLink,
    problem,
  });
  for (const file of await logFiles(folder)) {
    // Only the last file may end within a batch, as a kill leaves it.
    if (cursor.batch.length > 0) return verdict(`${file}: it begins within a batch`);
    const lines = (await Deno.readTextFile(`${folder}/${file}`)).split("\n");
    if (lines.at(-1) === "") lines.pop();
    let earliestMs = Infinity;
    for (const [i, line] of lines.entries()) {
      const problem = follow(cursor, line, key);
      if (problem !== undefined) {
        if (i === lines.length - 1 && problem === NO_RECORD) {
          cursor.batch.push(line);
          break;
        }
        const isFirst = cursor.proven === 0 && problem.includes(CHANGED);
        if (isFirst && !await fitsAnywhere(folder, key)) return verdict(`${file}, line ${i + 1}: ${OTHER_KEY}`);
        return verdict(`${file}, line ${i + 1}: ${problem}`);
      }
      // All of them: a clock that is set back as a batch waits puts this one alone under an earlier date.
      earliestMs = Math.min(earliestMs, cursor.atMs);
      while (open[0] !== undefined && open[0].n <= cursor.proven) {
        if (open[0].n !== cursor.proven || open[0].link !== cursor.link) {
          return verdict(`${file}, line ${i + 1}: record ${open[0].n} is not the one that was anchored`);
        }
        open.shift();
        anchored = cursor.proven;
      }
    }
    if (Number.isFinite(earliestMs) && earliestMs >= Date.parse(file.slice(0, 10)) + RENAMED_MS) {
      return verdict(`${file}: its records are of ${toIsoDay(earliestMs)} and later, so the file was renamed`);
    }
  }
  const missed = open.at(-1);
  if (missed !== undefined) {
    return verdict(`${missed.n} records were anchored, but the log ends after ${cursor.proven}`);
  }
  return verdict(null, new TextEncoder().encode(cursor.batch.join("\n")).length);
}

const NO_RECORD = "it is no record";
const CHANGED = "was changed, or written with another key";

function follow(cursor: Cursor, line: string, key: Uint8Array): string | undefined {
  let n: unknown, at: unknown;
  try {
    ({ n, at } = JSON.parse(line) as { n?: unknown; at?: unknown });
  } catch {
    return NO_RECORD;
  }
  if (n !== cursor.n + 1) return `record ${cursor.n + 1} belongs here, but this is ${String(n)}`;
  cursor.n++;
  cursor.atMs = typeof at === "string" ? Date.parse(at) : NaN;
  const sealed = unsealLine(line);
  cursor.batch.push(sealed?.text ?? line);
  if (sealed === undefined) return undefined;
  const isFirst = cursor.proven === 0, text = cursor.batch.join("\n");
  // Logs of before names were part of the chain begin with nothing.
  const before = isFirst ? [cursor.link, CHAIN_START] : [cursor.link];
  if (!before.some((link) => chainLink(key, link, text) === sealed.link)) {
    const first = cursor.proven + 1;
    const what = cursor.batch.length === 1 ? `record ${first}` : `one of the records ${first} to ${cursor.n}`;
    return `${what} ${CHANGED}${isFirst ? " or by another instance" : ""}`;
  }
  if (isFirst) cursor.firstLink = sealed.link;
  Object.assign(cursor, { proven: cursor.n, link: sealed.link, batch: [] });
  return undefined;
}

const OTHER_KEY = "no record from the first on fits this key: most likely the key is not the one that it was written " +
  "with, so put that one back; else all of it was written anew";

/**
 * Whether the key fits any batch, behind the link that stands before it: an edit breaks its own batch alone, another key
 * breaks all. True for a single batch, of which nobody can tell.
 */
async function fitsAnywhere(folder: string, key: Uint8Array): Promise<boolean> {
  let link = CHAIN_START, batch: string[] = [], batches = 0;
  for (const file of await logFiles(folder)) {
    for (const line of (await Deno.readTextFile(`${folder}/${file}`)).split("\n")) {
      if (line === "") continue;
      const sealed = unsealLine(line);
      batch.push(sealed?.text ?? line);
      if (sealed === undefined) continue;
      batches++;
      if (chainLink(key, link, batch.join("\n")) === sealed.link) return true;
      link = sealed.link;
      batch = [];
    }
  }
  return batches < 2;
}

const FILE = /^(\d{4}-\d{2}-\d{2})-(\d+)\.jsonl$/;

/**
 * Files of an instance in the order of writing, which is that of their first records: a clock that was set back gives a later
 * file an earlier date. One without a whole first record, as a kill leaves it, comes last.
 */
export async function logFiles(folder: string): Promise<string[]> {
  const files: { readonly name: string; readonly first: number; readonly day: string; readonly number: number }[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const match = FILE.exec(name);
    if (!isFile || match === null) continue;
    files.push({ name, first: await firstRecord(`${folder}/${name}`), day: match[1]!, number: Number(match[2]) });
  }
  files.sort((a, b) => {
    if (a.first !== b.first) return a.first - b.first;
    return a.day < b.day ? -1 : a.day > b.day ? 1 : a.number - b.number;
  });
  return files.map(({ name }) => name);
}

/** Number of a file's first record; the largest safe integer where it has none. */
async function firstRecord(path: string): Promise<number> {
  using file = await Deno.open(path, { read: true });
  const bytes = new Uint8Array(32);
  const size = await file.read(bytes) ?? 0;
  const match = /^\{"n":(\d+),/.exec(new TextDecoder().decode(bytes.subarray(0, size)));
  return match === null ? Number.MAX_SAFE_INTEGER : Number(match[1]);
}

/** Verdicts on every instance of the log, those included that only the anchors know. */
export async function verifyLog(
  directory: string,
  options: { readonly key: Uint8Array; readonly anchors: ReadonlyMap<string, readonly Anchor[]> },
): Promise<readonly InstanceVerdict[]> {
  const { key, anchors } = options;
  const present = await instances(directory);
  const verdicts: InstanceVerdict[] = [];
  for (const instance of [...new Set([...present, ...anchors.keys()])].sort()) {
    const own = anchors.get(instance) ?? [];
    if (present.includes(instance)) {
      verdicts.push(await verifyInstance(`${directory}/${instance}`, { instance, key, anchors: own }));
    } else {
      const problem = `${own.at(-1)!.n} records were anchored, but the folder is gone`;
      verdicts.push({ instance, records: 0, anchored: 0, tornBytes: 0, firstLink: null, problem });
    }
  }
  return withCopies(verdicts);
}

/** Says of all but one of those that begin alike, the one with most anchored records, that they are its copies. */
function withCopies(verdicts: readonly InstanceVerdict[]): InstanceVerdict[] {
  const originals = new Map<string, InstanceVerdict>();
  for (const verdict of verdicts.toSorted((a, b) => b.anchored - a.anchored)) {
    if (verdict.firstLink !== null && !originals.has(verdict.firstLink)) originals.set(verdict.firstLink, verdict);
  }
  return verdicts.map((verdict) => {
    const original = originals.get(verdict.firstLink ?? "") ?? verdict;
    if (original === verdict || verdict.problem !== null) return verdict;
    return { ...verdict, problem: `it is a copy of ${original.instance}, or that is one of it` };
  });
}

/** Instances whose folders hold files of records. */
export async function writtenInstances(directory: string): Promise<string[]> {
  const all = await instances(directory);
  const files = await Promise.all(all.map((instance) => logFiles(`${directory}/${instance}`)));
  return all.filter((_, i) => files[i]!.length > 0);
}

/**
 * Folders of the log, one an instance; none where there is no log.
 *
 * @throws {DomainError} `config-invalid` or `permission-denied` where no log can be at that place.
 */
export async function instances(directory: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(directory));
    return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw isConfiguredWrongly(error) ? cannotUse(predictionLogAt(directory), { verb: "read", cause: error }) : error;
  }
}
