import { isDomainError, type Tracker } from "../../core/mod.ts";
import { join } from "../artifacts/paths.ts";
import { DEFAULT_ID } from "./clashes.ts";
import { isFile, subfolders } from "./folders.ts";
import { META_FILE } from "./meta_file.ts";

/**
 * Whether a folder holds an old file store that is not in the tracking store: by its first experiment, or where it has
 * `Default` alone by the first run of that. Quick, however large the store is.
 */
export async function holdsUnimported(folder: string, tracker: Tracker): Promise<boolean> {
  const known = async (found: Promise<unknown>) => {
    try {
      await found;
      return true;
    } catch (error) {
      if (isDomainError(error, "not-found")) return false;
      throw error;
    }
  };
  const hasMeta = (name: string) => isFile(join(folder, name, META_FILE));
  const experiment = subfolders(folder).find((name) => /^\d+$/.test(name) && name !== DEFAULT_ID && hasMeta(name));
  if (experiment !== undefined) return !await known(tracker.getExperiment(experiment));
  const runId = subfolders(join(folder, DEFAULT_ID)).find((name) => hasMeta(join(DEFAULT_ID, name)));
  return runId !== undefined && !await known(tracker.getRun(runId));
}
