import { logFiles } from "../../src/api/log/verify_log.ts";
import type { PredictionRecord } from "../../src/core/mod.ts";

/** Every whole record of the prediction log in a working folder. */
export async function readLogRecords(folder: string, log = "prediction_log"): Promise<PredictionRecord[]> {
  const records: PredictionRecord[] = [];
  const directory = `${folder}/mlruns/${log}`;
  for await (const instance of Deno.readDir(directory)) {
    for (const file of await logFiles(`${directory}/${instance.name}`)) {
      const text = await Deno.readTextFile(`${directory}/${instance.name}/${file}`);
      for (const line of text.split("\n")) {
        try {
          records.push(JSON.parse(line));
        } catch {
          // The last line of a killed service.
        }
      }
    }
  }
  return records;
}
