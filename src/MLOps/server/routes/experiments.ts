import { type Experiment, type Tracker, TrackingError, type ViewType } from "../../../core/mod.ts";
import { checkStorageLocation } from "../../rules/locations.ts";
import { type Fields, invalidParameter } from "../fields.ts";
import { experimentMessage, message } from "../messages.ts";
import type { RestRouter } from "../rest.ts";
import { readPage, readTags } from "./read.ts";

/** Words of a view type. */
export const VIEW_TYPES: readonly ViewType[] = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];
const MAX_DATASET_EXPERIMENTS = 20;

/** Registers the routes of experiments (reference 4.2). */
export function experimentRoutes(rest: RestRouter, tracker: Tracker): void {
  rest.on("POST", "experiments/create", async (fields) => {
    const name = fields.requiredString("name");
    const artifactLocation = fields.string("artifact_location");
    if (artifactLocation) checkStorageLocation(artifactLocation);
    const experimentId = await tracker.createExperiment(name, {
      ...(artifactLocation ? { artifactLocation } : {}),
      tags: readTags(fields),
    });
    return { experiment_id: experimentId };
  });

  rest.on("GET", "experiments/get", async (fields) => {
    const experiment = await tracker.getExperiment(fields.requiredString("experiment_id"));
    return { experiment: experimentMessage(experiment) };
  });

  rest.on("GET", "experiments/get-by-name", async (fields) => {
    const experiment = await byName(tracker, fields.requiredString("experiment_name"));
    return { experiment: experimentMessage(experiment) };
  });

  rest.on("GET|POST", "experiments/search", async (fields) => {
    const viewType = fields.choice("view_type", VIEW_TYPES);
    const page = await tracker.searchExperiments({
      // MLflow takes a missing size for 0 here, and refuses it so.
      maxResults: 0,
      ...readPage(fields),
      ...(viewType === undefined ? {} : { viewType }),
    });
    return message({ experiments: page.items.map(experimentMessage), next_page_token: page.nextPageToken });
  });

  rest.on("POST", "experiments/update", async (fields) => {
    const experimentId = fields.requiredString("experiment_id");
    await tracker.renameExperiment(experimentId, fields.requiredString("new_name"));
    return {};
  });

  rest.on("POST", "experiments/delete", async (fields) => {
    await tracker.deleteExperiment(fields.requiredString("experiment_id"));
    return {};
  });

  rest.on("POST", "experiments/restore", async (fields) => {
    await tracker.restoreExperiment(fields.requiredString("experiment_id"));
    return {};
  });

  rest.on("POST", "experiments/set-experiment-tag", async (fields) => {
    const experimentId = fields.requiredString("experiment_id");
    const key = fields.requiredString("key");
    await tracker.setExperimentTag(experimentId, { key, value: fields.string("value") ?? "" });
    return {};
  });

  rest.on("POST", "experiments/delete-experiment-tag", async (fields) => {
    const experimentId = fields.requiredString("experiment_id");
    await tracker.deleteExperimentTag(experimentId, fields.requiredString("key"));
    return {};
  });

  rest.on("POST", "experiments/search-datasets", (fields) => searchDatasets(tracker, fields));
}

/** Answers a search of datasets; also served at the path that MLflow's server has by a slip. */
export async function searchDatasets(tracker: Tracker, fields: Fields) {
  const experimentIds = fields.strings("experiment_ids");
  if (experimentIds.length === 0) {
    throw invalidParameter("SearchDatasets request must specify at least one experiment_id.");
  }
  if (experimentIds.length > MAX_DATASET_EXPERIMENTS) {
    throw invalidParameter(
      `SearchDatasets request cannot specify more than ${MAX_DATASET_EXPERIMENTS} experiment_ids. ` +
        `Received ${experimentIds.length} experiment_ids.`,
    );
  }
  const found = await tracker.searchDatasets(experimentIds);
  return message({
    dataset_summaries: found.map(({ experimentId, name, digest, context }) =>
      message({ experiment_id: experimentId, name, digest, context })
    ),
  });
}

async function byName(tracker: Tracker, name: string): Promise<Experiment> {
  const experiment = await tracker.getExperimentByName(name);
  if (experiment === undefined) {
    throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Could not find experiment with name '${name}'`);
  }
  return experiment;
}
