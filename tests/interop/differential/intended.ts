/**
 * Where this server answers otherwise than MLflow 3.17.2 on purpose. What is not told here must be the same.
 *
 * @module
 */
import type { Exchange } from "./transcript.ts";

/** A sort of difference. */
export interface Intended {
  /** Why it is right. */
  readonly reason: string;
  /** Whether two answers differ in this way. */
  readonly holds: (real: Exchange, ours: Exchange) => boolean;
}

/** The error code of an answer. */
export function codeOf({ answer }: Exchange): string | undefined {
  return typeof answer === "object" && answer !== null ? (answer as { error_code?: string }).error_code : undefined;
}

const asks = (pattern: RegExp) => (real: Exchange) => pattern.test(real.request);
const isRefused = ({ status }: Exchange) => status >= 400 && status < 500;

/** All of them, the first that holds counts. */
export const INTENDED: readonly Intended[] = [
  {
    reason: "a request never gives 5xx, which the Python client repeats for minutes",
    holds: (real, ours) => real.status >= 500 && ours.status < 500,
  },
  {
    reason: "a field of the wrong type is refused; there it is dropped with all that follows it, and the rest is done",
    holds: (real, ours) =>
      real.status === 200 && codeOf(ours) === "INVALID_PARAMETER_VALUE" &&
      /of type|must be one of|Missing value for required parameter|Names may|maximum length|NUL/.test(messageOf(ours)),
  },
  {
    reason: "an error of SQL is named for what it means",
    holds: (real, ours) => /sqlite3\./.test(messageOf(real)) && (isRefused(ours) || ours.status === 200),
  },
  {
    reason: "the HTML of the web framework is JSON here",
    holds: (real, ours) => typeof real.answer === "string" && real.status === ours.status && isRefused(ours),
  },
  {
    reason: "a filter is as wide as elsewhere: `attributes.` beside `attribute.`, `+5`, a quoted number of a version",
    holds: (real, ours) => isRefused(real) && ours.status === 200 && /search/.test(real.request),
  },
  {
    reason: "Python's own errors and SQL are not repeated",
    holds: (real, ours) =>
      isRefused(ours) &&
      /type object 'Sql|could not convert|sqlite3\.|malformed node|<function |contains\(\) to test|expected, got/.test(
        messageOf(real),
      ),
  },
  {
    reason: "of a page size out of its range the limit is told; there its type, or the same in another order of words",
    holds: (real, ours) =>
      isRefused(real) && /^Invalid value .*\bmax_results\b/.test(messageOf(real)) &&
      /^Invalid value \S+ for parameter 'max_results' supplied\. It must be/.test(messageOf(ours)),
  },
  {
    reason: "a filter that stops half-way, or compares a logged model with a text without quotes, is refused",
    holds: (real, ours) => real.status === 200 && isRefused(ours) && /search/.test(real.request),
  },
  {
    reason: "a path in the middle with two slashes is no route; there it is redirected",
    holds: (real) => real.status === 308,
  },
  {
    reason: "a DELETE without a body may use the query",
    holds: asks(/^DELETE \S+\?/),
  },
  {
    reason: "a logged model that was deleted takes no tags",
    holds: (real, ours) => asks(/^PATCH .*\/tags \{/)(real) && ours.status === 404,
  },
  {
    reason: "the body of log-batch is held to the 1,000,000 bytes that MLflow documents",
    holds: (_, ours) => ours.status === 413,
  },
  {
    reason: "a query parameter given twice is refused; there the first counts",
    holds: (real, ours) => asks(/[?&](\w+)=[^&]*&\1=/)(real) && isRefused(real) && isRefused(ours),
  },
  {
    reason: "the address of search-datasets is served without MLflow's slip as well",
    holds: asks(/^POST \/api\/2\.0\/mlflow\/experiments\/search-datasets/),
  },
  {
    reason: "an order by random ids is another on each server",
    holds: (real, ours) =>
      real.status === ours.status &&
      asks(/"(?:field_name":"|order_by":\[")(?:run_id|model_id|source_run_id|artifact_uri)"/)(real),
  },
  {
    reason: "states are searched by their names; there they are compared with numbers and nothing is found",
    holds: asks(/logged-models\/search .*status !?= /),
  },
  {
    reason: "a text with the character NUL is refused as one, wherever it stands",
    holds: (real, ours) => real.request.includes("\\u0000") && codeOf(ours) === "INVALID_PARAMETER_VALUE",
  },
  {
    reason: "of two things that are wrong, the type of a field is told first",
    holds: (real, ours) => isRefused(real) && ours.status === 400 && /Hint: Value was of type/.test(messageOf(ours)),
  },
  {
    reason: "the id of a logged model stands in the path; that it is not in the body is no fault",
    holds: (real, ours) => asks(/logged-models\/.*\/(?:params|tags) \{/)(real) && ours.status === 200,
  },
  {
    reason: "removing a tag that cannot be there is fine, as removing one that is not there",
    holds: (real, ours) => asks(/^DELETE .*delete-tag/)(real) && real.status === 400 && ours.status === 200,
  },
  {
    reason: "a dataset named without a digest is any of that name, as MLflow's documentation has it",
    holds: (real, ours) => asks(/"datasets":\[\{"dataset_name":"[^"]*"\}\]/)(real) && ours.status === 200,
  },
  {
    reason: "a path that no file system takes is refused for lists as it is for files",
    holds: (real, ours) => asks(/(?:path|directory_path)=x{300}/)(real) && ours.status === 400,
  },
  {
    reason: "a run without an experiment goes to Default, as MLflow's documentation has it",
    holds: (real, ours) => asks(/runs\/create/)(real) && real.status === 400 && ours.status === 200,
  },
];

/** The words of a refusal. */
export function messageOf({ answer }: Exchange): string {
  return typeof answer === "object" && answer !== null ? String((answer as { message?: unknown }).message ?? "") : "";
}
