/**
 * MLflow's REST API over a tracker and a registry.
 *
 * @module
 */
export {
  createTrackingApp,
  SPOKEN_MLFLOW_VERSION,
  type TrackingApp,
  type TrackingServerDeps,
  type TrackingServerOptions,
} from "./app.ts";
export { parseAccessKeys } from "./access_keys.ts";
export { ArtifactAccess, type ArtifactFolders, type ArtifactRoot } from "./artifact_access.ts";
export { type ArtifactLocation, locateArtifacts } from "./artifact_path.ts";
export { type ArtifactFile, ArtifactFolder } from "./artifact_folder.ts";
