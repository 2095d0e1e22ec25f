import type { KeyValue, Metric } from "../../core/mod.ts";
import {
  MAX_BATCH_BYTES,
  MAX_ENTITIES_PER_BATCH,
  MAX_METRICS_PER_BATCH,
  MAX_PARAMS_TAGS_PER_BATCH,
} from "../rules/limits.ts";
import { fromMetric } from "./wire.ts";

/** Room for the braces, the run id and the names of the lists. */
const ENVELOPE_BYTES = 1_000;

/** Body of one log-batch request, without the run. */
export interface BatchPart {
  readonly params: KeyValue[];
  readonly tags: KeyValue[];
  readonly metrics: Record<string, unknown>[];
}

/**
 * A batch as the fewest requests that MLflow's limits allow: parameters first, as they are what can be refused, then
 * tags, then metrics. Entries stay in order. A batch within the limits is one part.
 */
export function splitBatch(
  batch: {
    readonly params: readonly KeyValue[];
    readonly tags: readonly KeyValue[];
    readonly metrics: readonly Metric[];
  },
): BatchPart[] {
  const encoder = new TextEncoder();
  const parts: BatchPart[] = [];
  let part: BatchPart = { params: [], tags: [], metrics: [] };
  let bytes = ENVELOPE_BYTES, count = 0;
  const add = <K extends keyof BatchPart>(kind: K, entry: BatchPart[K][number], limit: number) => {
    const size = encoder.encode(JSON.stringify(entry)).length + 1;
    const isFull = part[kind].length >= limit || count >= MAX_ENTITIES_PER_BATCH || bytes + size > MAX_BATCH_BYTES;
    if (isFull && count > 0) {
      parts.push(part);
      part = { params: [], tags: [], metrics: [] };
      bytes = ENVELOPE_BYTES;
      count = 0;
    }
    (part[kind] as BatchPart[K][number][]).push(entry);
    bytes += size;
    count++;
  };
  for (const param of batch.params) add("params", param, MAX_PARAMS_TAGS_PER_BATCH);
  for (const tag of batch.tags) add("tags", tag, MAX_PARAMS_TAGS_PER_BATCH);
  for (const metric of batch.metrics) add("metrics", fromMetric(metric), MAX_METRICS_PER_BATCH);
  if (count > 0 || parts.length === 0) parts.push(part);
  return parts;
}
