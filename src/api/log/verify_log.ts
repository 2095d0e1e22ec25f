import { CHAIN_START } from "../../core/mod.ts";
import type { Anchor } from "./anchors.ts";
import { chainLink, unsealLine } from "./chain.ts";

/** What {@linkcode verifyInstance} found in an instance's folder. */
export interface InstanceVerdict {
  /** Name of the folder. */
  readonly instance: string;
  /** Records whose place in the chain is proven. */
  readonly records: number;
  /** How many of them lie at or before the last anchor: these cannot have been cut off or written anew. */
  readonly anchored: number;
  /** Bytes of a last line that was cut short, as a kill leaves it; 0 where there is none. */
  readonly tornBytes: number;
  /** The first thing that is wrong, or null. */
  readonly problem: string | null;
}

interface Cursor {
  n: number;
  link: string;
}

/**
 * Follows an instance's chain through its files and compares it with the anchors. An edited, removed, inserted or
 * moved line breaks the chain where it happens; lines cut off at the end are missed by an anchor.
 */
export async function verifyInstance(
  folder: string,
  options: { readonly instance: string; readonly key: Uint8Array; readonly anchors: readonly Anchor[] },
): Promise<InstanceVerdict> {
  const { instance, key, anchors } = options;
  const cursor: Cursor = { n: 0, link: CHAIN_START };
  const open = [...anchors];
  let anchored = 0;
  const verdict = (problem: string | null, tornBytes = 0): InstanceVerdict => ({
    instance,
    records: cursor.n,
    anchored,
    tornBytes,
    problem,
  });
  const files = await logFiles(folder);
  for (const [index, file] of files.entries()) {
    const text = await Deno.readTextFile(`${folder}/${file}`);
    const lines = text.split("\n");
    const rest = lines.pop()!;
    for (const [i, line] of lines.entries()) {
      const problem = follow(cursor, line, key);
      if (problem !== undefined) return verdict(`${file}, line ${i + 1}: ${problem}`);
      while (open[0]?.n === cursor.n) {
        if (open[0].link !== cursor.link) {
          return verdict(`${file}, line ${i + 1}: record ${cursor.n} is not the one that was anchored`);
        }
        open.shift();
        anchored = cursor.n;
      }
    }
    if (rest === "") continue;
    if (index < files.length - 1 || open.length > 0) return verdict(`${file}: its last line is cut short`);
    return verdict(null, new TextEncoder().encode(rest).length);
  }
  const missed = open.at(-1);
  if (missed === undefined) return verdict(null);
  return verdict(`${missed.n} records were anchored, but the log ends after ${cursor.n}`);
}

function follow(cursor: Cursor, line: string, key: Uint8Array): string | undefined {
  const sealed = unsealLine(line);
  if (sealed === undefined) return "it is no sealed record";
  let n: unknown;
  try {
    n = (JSON.parse(sealed.recordJson) as { n?: unknown }).n;
  } catch {
    return "it is no JSON";
  }
  if (n !== cursor.n + 1) return `record ${cursor.n + 1} belongs here, but this is ${String(n)}`;
  if (chainLink(key, cursor.link, sealed.recordJson) !== sealed.link) {
    return "it was changed, or written with another key";
  }
  cursor.n++;
  cursor.link = sealed.link;
  return undefined;
}

const FILE = /^(\d{4}-\d{2}-\d{2})-(\d+)\.jsonl$/;

/** Files of an instance in the order of writing. */
export async function logFiles(folder: string): Promise<string[]> {
  const files: { readonly name: string; readonly day: string; readonly number: number }[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const match = FILE.exec(name);
    if (isFile && match !== null) files.push({ name, day: match[1]!, number: Number(match[2]) });
  }
  files.sort((a, b) => a.day < b.day ? -1 : a.day > b.day ? 1 : a.number - b.number);
  return files.map(({ name }) => name);
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
      verdicts.push({ instance, records: 0, anchored: 0, tornBytes: 0, problem });
    }
  }
  return verdicts;
}

/** Folders of the log, one an instance; none where there is no log. */
export async function instances(directory: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(directory));
    return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
