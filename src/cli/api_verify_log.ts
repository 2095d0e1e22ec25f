import { DomainError } from "../core/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { openRegistry } from "./runtime.ts";
import { renderTable } from "./table.ts";

/** `api verify-log`: proves the prediction log up to the last anchor. */
export async function verifyPredictionLog(context: CommandContext): Promise<CommandResult> {
  const { keyGone, readAnchors, readKey, verifyLog, writtenInstances } = await import("../api/mod.ts");
  const { loadApiConfig } = await import("../config/api_config.ts");
  const { directory, keyFile } = (await loadApiConfig(context.options.string("config"))).predictionLog;
  const key = await readKey(keyFile);
  if (key === undefined) {
    const chained = await writtenInstances(directory);
    if (chained.length > 0) throw keyGone(keyFile, chained);
    throw new DomainError("not-found", `Cannot verify the prediction log as its key '${keyFile}' does not exist`, {
      hint: "The service makes it when it first starts: task api",
    });
  }
  await using registry = await openRegistry(context, { readOnly: true });
  const instances = await verifyLog(directory, { key, anchors: await readAnchors(registry) });
  const broken = instances.filter(({ problem }) => problem !== null);
  const rows = instances.map(({ instance, records, anchored, problem }) => [
    instance,
    String(records),
    String(anchored),
    String(records - anchored),
    problem ?? "sound",
  ]);
  const table = renderTable([
    { title: "instance" },
    { title: "records", align: "right" },
    { title: "anchored", align: "right" },
    { title: "unanchored", align: "right" },
    { title: "verdict" },
  ], rows);
  return {
    json: { passed: broken.length === 0, directory, instances },
    text: instances.length === 0 ? `There is no prediction log in '${directory}' yet` : table,
    warnings: instances.filter(({ tornBytes }) => tornBytes > 0).map(({ instance, tornBytes }) => ({
      code: "log-torn",
      message: `The log of ${instance} ends within a batch (${tornBytes} bytes), as a kill leaves it`,
    })),
    exitCode: broken.length === 0 ? 0 : 1,
  };
}
