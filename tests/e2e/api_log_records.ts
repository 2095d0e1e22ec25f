import type { PredictionRecord } from "../../src/core/mod.ts";

/** Every whole record of the prediction log in a working folder. */
export async function readLogRecords(folder: string): Promise<PredictionRecord[]> {
  const records: PredictionRecord[] = [];
  const directory = `${folder}/mlruns/prediction_log`;
  for await (const instance of Deno.readDir(directory)) {
    for await (const file of Deno.readDir(`${directory}/${instance.name}`)) {
      const text = await Deno.readTextFile(`${directory}/${instance.name}/${file.name}`);
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
