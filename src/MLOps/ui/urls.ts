/** Addresses of all pages, built in one place; every part is encoded here. */
export const urls = {
  /** List of experiments. */
  experiments: (query: Query = {}) => withQuery("/", query),
  /** Runs of an experiment. */
  experiment: (experimentId: string, query: Query = {}) =>
    withQuery(`/experiments/${encodeURIComponent(experimentId)}`, query),
  /** Rows of the runs of an experiment, without a page around them. */
  experimentRows: (experimentId: string, query: Query = {}) =>
    withQuery(`/experiments/${encodeURIComponent(experimentId)}/rows`, query),
  /** Logged models of an experiment. */
  experimentModels: (experimentId: string, query: Query = {}) =>
    withQuery(`/experiments/${encodeURIComponent(experimentId)}/models`, query),
  /** A run. */
  run: (experimentId: string, runId: string) =>
    `/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`,
  /** Parts of a run's page that change while it is under way, without a page around them. */
  runParts: (experimentId: string, runId: string, query: Query = {}) =>
    withQuery(`${urls.run(experimentId, runId)}/parts`, query),
  /** One metric of a run. */
  metric: (experimentId: string, runId: string, key: string, query: Query = {}) =>
    withQuery(`${urls.run(experimentId, runId)}/metric`, { key, ...query }),
  /** Artifacts of a run, at a path. */
  runArtifacts: (experimentId: string, runId: string, path = "") =>
    withQuery(`${urls.run(experimentId, runId)}/artifacts`, { path }),
  /** Runs side by side. */
  compare: (runIds: readonly string[], query: Query = {}) => withQuery("/compare", { run: runIds, ...query }),
  /** A logged model. */
  loggedModel: (modelId: string) => `/logged-models/${encodeURIComponent(modelId)}`,
  /** Artifacts of a logged model, at a path. */
  loggedModelArtifacts: (modelId: string, path = "") => withQuery(`${urls.loggedModel(modelId)}/artifacts`, { path }),
  /** List of registered models. */
  models: (query: Query = {}) => withQuery("/models", query),
  /** A registered model. */
  model: (name: string, query: Query = {}) => withQuery(`/models/${encodeURIComponent(name)}`, query),
  /** A version of a registered model. */
  version: (name: string, version: string) =>
    `/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`,
  /** Artifacts of a version, at a path. */
  versionArtifacts: (name: string, version: string, path = "") =>
    withQuery(`${urls.version(name, version)}/artifacts`, { path }),
};

/** Parameters of an address; what is empty is left out, a list is repeated. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Adds parameters to an address. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "") continue;
    for (const item of Array.isArray(value) ? value : [value]) parameters.append(name, String(item));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${text}`;
}
