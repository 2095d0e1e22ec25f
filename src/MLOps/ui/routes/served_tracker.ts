import type { ArtifactOwner, Tracker } from "../../../core/mod.ts";
import type { ArtifactAccess, ArtifactRoot } from "../../server/artifact_access.ts";
import { readHead } from "../read_head.ts";

/**
 * A tracker whose files are those that the server serves. The gate reads and writes files of runs, and a client may
 * name any folder of this machine as that of its run's.
 */
export function servedTracker(tracker: Tracker, artifacts: ArtifactAccess): Tracker {
  const rootOf = async (owner: ArtifactOwner): Promise<ArtifactRoot> =>
    "runId" in owner
      ? artifacts.ofRun(await tracker.getRun(owner.runId))
      : artifacts.ofLoggedModel(await tracker.getLoggedModel(owner.modelId));
  const served: Pick<Tracker, "readArtifact" | "listArtifacts" | "writeArtifact"> = {
    async readArtifact(owner, path) {
      const file = await (await rootOf(owner)).open(path);
      return await readHead(file, file.size);
    },
    listArtifacts: async (owner, path) => await (await rootOf(owner)).list(path),
    writeArtifact: async (owner, path, content) => await (await rootOf(owner)).write(path, content),
  };
  return new Proxy(tracker, {
    get(target, key) {
      if (Object.hasOwn(served, key)) return served[key as keyof typeof served];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
