import type { LoggedModel, LoggedModelSearch, Metric, Run, ViewType } from "../../src/core/mod.ts";
import { DATASET_CONTEXT_TAG } from "../../src/MLOps/rules/entries.ts";
import type { Clause } from "../../src/MLOps/search/clause.ts";
import { fulfils, valueOf } from "./memory_search.ts";

/** Whether a view shows things of a life-cycle stage. */
export function isShown(stage: string, viewType: ViewType = "ACTIVE_ONLY"): boolean {
  return viewType === "ALL" || (viewType === "DELETED_ONLY") === (stage === "deleted");
}

/** The number that stands for a value in comparisons: NaN is stored as 0. */
export function storedValue({ value }: Metric): number {
  return Number.isNaN(value) ? 0 : value;
}

/** Which of two observations is newer: by step, time, value. */
export function compareObservations(a: Metric, b: Metric): number {
  return a.step - b.step || a.timestamp - b.timestamp || storedValue(a) - storedValue(b);
}

/** An attribute of a run by its name in filters. */
export function runAttribute({ info }: Run, key: string): string | number | undefined {
  return ({
    run_id: info.runId,
    run_name: info.runName,
    status: info.status,
    artifact_uri: info.artifactUri,
    user_id: info.userId,
    start_time: info.startTime,
    end_time: info.endTime,
  } as Record<string, string | number | undefined>)[key];
}

/** What a filter or order looks at in a run. */
export function runValue(run: Run, { entity, key }: { readonly entity: string; readonly key: string }) {
  switch (entity) {
    case "metric":
      return run.metrics.find((metric) => metric.key === key)?.value;
    case "param":
      return valueOf(run.params, key);
    case "tag":
      return valueOf(run.tags, key);
    default:
      return runAttribute(run, key);
  }
}

/** Whether a run fulfils a clause. */
export function runFulfils(run: Run, clause: Clause): boolean {
  if (clause.entity !== "dataset") return fulfils(runValue(run, clause), clause);
  return run.datasetInputs.some(({ dataset, tags }) =>
    fulfils(
      clause.key === "context" ? valueOf(tags, DATASET_CONTEXT_TAG) : dataset[clause.key as "name" | "digest"],
      clause,
    )
  );
}

/** An attribute of a logged model by its name in filters. */
export function modelAttribute(model: LoggedModel, key: string): string | number | undefined {
  return ({
    name: model.name,
    model_id: model.modelId,
    model_type: model.modelType,
    status: model.status,
    source_run_id: model.sourceRunId ?? "",
    creation_timestamp: model.creationTimestampMs,
    last_updated_timestamp: model.lastUpdatedTimestampMs,
  } as Record<string, string | number | undefined>)[key];
}

/** Whether a logged model fulfils all clauses, on the datasets if any are named. */
export function modelFulfils(
  model: LoggedModel,
  clauses: readonly Clause[],
  datasets: NonNullable<LoggedModelSearch["datasets"]>,
): boolean {
  const onDatasets = model.metrics.filter((metric) =>
    datasets.length === 0 ||
    datasets.some(({ datasetName, datasetDigest }) =>
      metric.datasetName === datasetName && (!datasetDigest || metric.datasetDigest === datasetDigest)
    )
  );
  const looksAtMetrics = clauses.some(({ entity }) => entity === "metric");
  if (datasets.length > 0 && !looksAtMetrics && onDatasets.length === 0) return false;
  return clauses.every((clause) => {
    if (clause.entity === "metric") {
      return onDatasets.some((metric) => metric.key === clause.key && fulfils(metric.value, clause));
    }
    if (clause.entity === "attribute") return fulfils(modelAttribute(model, clause.key), clause);
    return fulfils(valueOf(clause.entity === "param" ? model.params : model.tags, clause.key), clause);
  });
}
