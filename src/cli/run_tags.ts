import type { KeyValue } from "../core/mod.ts";
import type { ExperimentSettings } from "../ml/experiment/mod.ts";
import { buildInfo } from "./build_info.ts";
import type { CommandContext } from "./command.ts";
import { userName } from "./user_name.ts";
import { VERSION } from "./version.ts";

/** Tags of a run: MLflow's system tags, the proofs of data and code, and the environment. */
export async function runTags(
  context: CommandContext,
  run: { readonly settings: ExperimentSettings; readonly datasetSha256: string },
): Promise<KeyValue[]> {
  const { commit, lockSha256 } = await buildInfo();
  const values: Record<string, string | undefined> = {
    "mlflow.user": userName(context),
    "mlflow.source.name": "main.ts",
    "mlflow.source.type": "LOCAL",
    "mlflow.source.git.commit": commit,
    "dataset.sha256": run.datasetSha256,
    "lockfile.sha256": lockSha256,
    "evidence": run.settings.quick ? "quick" : "full",
    "program.version": VERSION,
    "deno.version": Deno.version.deno,
    "v8.version": Deno.version.v8,
    "tfjs.version": "4.22.0",
    "platform": `${Deno.build.os}-${Deno.build.arch}`,
    "cores": String(navigator.hardwareConcurrency),
  };
  return Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [{ key, value }]);
}
