/** Logs batches of 500 metrics to a run until it is killed or has done its share; argv: URI, run, name, batches. */
import { SqliteTracker } from "../../../src/MLOps/mod.ts";

const [uri, runId, name, batches] = Deno.args as [string, string, string, string];
await using tracker = await SqliteTracker.open(uri);
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
for (let step = 0; step < Number(batches); step++) {
  const metrics = Array.from(
    { length: 500 },
    (_, i) => ({ key: `${name}/${i}`, value: step + i, timestamp: step, step }),
  );
  await tracker.logBatch(runId, { metrics, tags: [{ key: `${name}.step`, value: String(step) }] });
}
