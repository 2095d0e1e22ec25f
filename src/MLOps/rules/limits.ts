/** Longest key of a metric, parameter or tag, in characters. */
export const MAX_KEY_LENGTH = 250;
/** Longest value of a parameter; longer ones are cut. */
export const MAX_PARAM_VALUE_LENGTH = 6_000;
/** Longest value of a run's tag; longer ones are cut. */
export const MAX_TAG_VALUE_LENGTH = 8_000;
/** Longest name of an experiment. */
export const MAX_EXPERIMENT_NAME_LENGTH = 500;
/** Longest value of an experiment's tag; longer ones are refused. */
export const MAX_EXPERIMENT_TAG_VALUE_LENGTH = 20_000;
/** Longest value of a tag of a registered model or version. */
export const MAX_REGISTRY_TAG_VALUE_LENGTH = 100_000;
/** Longest alias. */
export const MAX_ALIAS_LENGTH = 255;
/** Most metrics in one log-batch request. */
export const MAX_METRICS_PER_BATCH = 1_000;
/** Most parameters, and most tags, in one log-batch request. */
export const MAX_PARAMS_TAGS_PER_BATCH = 100;
/** Most entries of all kinds in one log-batch request. */
export const MAX_ENTITIES_PER_BATCH = 1_000;
/** Largest body of a log-batch request, in bytes. */
export const MAX_BATCH_BYTES = 1_000_000;
/** Most entries of a page of runs or experiments. */
export const MAX_SEARCH_RESULTS = 50_000;
/** Entries of a page of runs or experiments where nothing is asked for. */
export const DEFAULT_SEARCH_RESULTS = 1_000;
/** Most entries of a page of registered models. */
export const MAX_REGISTERED_MODEL_RESULTS = 1_000;
/** Entries of a page of registered models where nothing is asked for. */
export const DEFAULT_REGISTERED_MODEL_RESULTS = 100;
/** Most entries of a page of model versions. */
export const MAX_MODEL_VERSION_RESULTS = 200_000;
/** Entries of a page of model versions where nothing is asked for. */
export const DEFAULT_MODEL_VERSION_RESULTS = 10_000;
/** Entries of a page of logged models where nothing is asked for. */
export const DEFAULT_LOGGED_MODEL_RESULTS = 50;
/** Most dataset summaries of an answer. */
export const MAX_DATASET_SUMMARIES = 1_000;
/** Longest texts of a dataset, by field. */
export const MAX_DATASET_LENGTH = {
  name: 500,
  digest: 36,
  sourceType: 36,
  source: 65_535,
  schema: 1_048_575,
  profile: 16_777_215,
} as const;
/** Longest key and value of a tag of a dataset input. */
export const MAX_INPUT_TAG_LENGTH = { key: 255, value: 500 } as const;
/** Most clauses of a filter: SQLite nests expressions no deeper than 1,000, and MLflow joins no more than 64 tables. */
export const MAX_FILTER_CLAUSES = 500;
/** Most fields to order by; SQLite joins no more than 64 tables. */
export const MAX_ORDER_FIELDS = 50;
/** Longest pattern of LIKE that SQLite takes, in bytes. */
export const MAX_PATTERN_BYTES = 50_000;
/** Longest filter, in UTF-16 units: its pieces take many times its room. */
export const MAX_FILTER_LENGTH = 1_000_000;
/** Longest name of who moves an alias, in UTF-16 units, as a form counts them. */
export const MAX_BY_LENGTH = 100;
/** Longest reason for the move of an alias. */
export const MAX_WHY_LENGTH = 500;
