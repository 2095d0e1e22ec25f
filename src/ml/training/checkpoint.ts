import { createHash } from "node:crypto";
import { DomainError } from "../../core/mod.ts";
import { canonicalJson } from "../canonical_json.ts";
import tensorBytes from "../kernels/simd/tensor.wasm" with { type: "bytes" };
import trainBytes from "../kernels/simd/train.wasm" with { type: "bytes" };
import { tensorsOf } from "../models/network.ts";
import { trunkDescription } from "../models/sequence_trunk.ts";
import { sha256Of } from "../sha256.ts";
import { readIfThere, removeFile, removeStale, replaceFile } from "./checkpoint_folder.ts";
import type { TrainingJob, TrainingState } from "./protocol.ts";

/** Where the state of one job is kept. */
export interface Checkpoint {
  readonly path: string;
  /** State of an earlier, killed training of the same job. */
  readonly state: TrainingState | undefined;
  /** Whose training left it; null where it did not say. */
  readonly leftBy: string | null;
  /** Replaces the kept state, whole or not at all. */
  save(state: TrainingState): Promise<void>;
  /** Removes what was kept. */
  remove(): Promise<void>;
}

/** Another layout of the file, or a loop that gives other weights, is another version. */
const VERSION = 2;

/**
 * Opens the checkpoint of a job in a folder. Its name is the digest of all that decides the weights, so a job with other
 * rows or settings starts anew. States that nobody went on from for a month are removed on the way.
 *
 * @param owner Whose training it is, told to whoever goes on from it.
 * @throws {DomainError} `input-invalid` naming the file, where it is damaged or no file can be there; `permission-denied`;
 * from `save`, `disk-full` too.
 */
export async function openCheckpoint(
  folder: string,
  job: TrainingJob,
  owner: string | null = null,
): Promise<Checkpoint> {
  await removeStale(folder);
  const digest = jobDigest(job), path = `${folder}/${digest}.checkpoint`;
  const kept = await readState(path, digest);
  return {
    path,
    state: kept?.state,
    leftBy: kept?.owner ?? null,
    save: (state) => replaceFile(folder, path, encodeState(state, { job: digest, owner })),
    remove: () => removeFile(folder, path),
  };
}

/** SHA-256 over the rows, the start and the settings of a job, and over the kernels, whose next build may round otherwise. */
export function jobDigest(
  { rows, network, correctionBound, options }: TrainingJob,
  kernelBytes: readonly Uint8Array[] = [trainBytes, tensorBytes],
): string {
  const hash = createHash("sha256");
  const { trainRows, validationRows, width } = rows;
  for (const kernels of kernelBytes) hash.update(sha256Of(kernels));
  const layers = network.hidden.map(({ units }) => units);
  const sequence = network.sequence && trunkDescription(network.sequence);
  const shape = { version: VERSION, trainRows, validationRows, width, layers, sequence };
  hash.update(canonicalJson({ ...shape, correctionBound, options }));
  const columns = [rows.inputs, rows.plainLogit, rows.harLogVariance, rows.returnBps, rows.realizedVarianceBps2];
  for (const values of [...columns, ...tensorsOf(network)]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

type Header = Omit<TrainingState, "weights" | "bestWeights" | "optimizer"> & {
  readonly job: string;
  readonly owner: string | null;
  readonly optimizerStep: number;
  readonly lengths: readonly number[];
  readonly sha256: string;
};

/** A line of JSON, then float32 values, little-endian: weights, best weights, the two moments. */
function encodeState(state: TrainingState, of: Pick<Header, "job" | "owner">): Uint8Array {
  const { weights, bestWeights, optimizer, ...rest } = state;
  const arrays = [weights, bestWeights, optimizer.means, optimizer.squares];
  const body = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const values of arrays) {
    body.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  const lengths = arrays.map(({ length }) => length);
  const unsigned = { ...rest, ...of, optimizerStep: optimizer.step, lengths };
  const header: Header = { ...unsigned, sha256: signature(unsigned, body) };
  const line = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
  const file = new Uint8Array(line.length + body.length);
  file.set(line);
  file.set(body, line.length);
  return file;
}

function signature(unsigned: Omit<Header, "sha256">, body: Uint8Array): string {
  return sha256Of(`${sha256Of(canonicalJson(unsigned))}${sha256Of(body)}`);
}

async function readState(
  path: string,
  job: string,
): Promise<{ readonly state: TrainingState; readonly owner: string | null } | undefined> {
  const file = await readIfThere(path);
  if (file === undefined) return undefined;
  const lineEnd = file.indexOf(10), body = file.slice(lineEnd + 1);
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder().decode(file.subarray(0, lineEnd)));
    const { sha256, ...unsigned } = header;
    if (signature(unsigned, body) !== sha256) throw new Error("its sha256 is another");
    if (header.job !== job) throw new Error("it is of another job");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DomainError("input-invalid", `Cannot go on from checkpoint '${path}': ${reason}`, {
      hint: "Remove the file, and training starts anew",
      cause: error,
    });
  }
  const values = new Float32Array(body.buffer);
  let at = 0;
  const [weights, bestWeights, means, squares] = header.lengths.map((length) => values.slice(at, at += length));
  const { epoch, steps, bestEpoch, best, sinceBest, plateaus, startLoss, optimizerStep, owner } = header;
  const state: TrainingState = {
    ...{ epoch, steps, bestEpoch, best, sinceBest, plateaus, startLoss },
    weights: weights!,
    bestWeights: bestWeights!,
    optimizer: { step: optimizerStep, means: means!, squares: squares! },
  };
  return { state, owner };
}
