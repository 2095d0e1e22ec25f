/** The same requests to MLflow's own server and to ours: every answer is the same, or the difference is intended. */
import { assert, assertEquals } from "@std/assert";
import { startMlflowUi } from "../e2e/mlflow_ui_server.ts";
import { malformedFilters } from "./differential/filters.ts";
import { codeOf, INTENDED, messageOf } from "./differential/intended.ts";
import { malformedRequests } from "./differential/malformed.ts";
import { semantics } from "./differential/semantics.ts";
import { type Exchange, Transcript } from "./differential/transcript.ts";
import { interopTest, startMlflowServer } from "./python.ts";

/** Answers to sound requests are compared whole; where requests are spoilt, what is stored soon differs for good reasons. */
const SCENARIOS = {
  "sound and unsound requests": { run: semantics, whole: true },
  "each field spoilt": { run: malformedRequests, whole: false },
  "malformed filters, message by message": { run: malformedFilters, whole: true },
};
/** Most answers that may differ on purpose, of a few thousand: most are fields of a wrong type. */
const MOST_INTENDED = 0.2;

for (const [name, { run: scenario, whole }] of Object.entries(SCENARIOS)) {
  interopTest(`${name}: our server answers as MLflow's does`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "mlflow-differential-" });
    try {
      await Deno.mkdir(`${folder}/real`);
      await Deno.mkdir(`${folder}/ours`);
      await using real = await startMlflowServer(`${folder}/real`, {
        args: [
          "--backend-store-uri",
          `sqlite:///${folder}/real/mlflow.db`,
          "--artifacts-destination",
          `${folder}/real/a`,
        ],
      });
      await using ours = await startMlflowUi({ folder: `${folder}/ours` });
      const theirs = new Transcript(real.url, `${folder}/real`);
      const mine = new Transcript(ours.url, Deno.cwd());
      await Promise.all([scenario(theirs), scenario(mine)]);

      assertEquals(mine.exchanges.length, theirs.exchanges.length);
      const different = theirs.exchanges.map((exchange, i) => [exchange, mine.exchanges[i]!] as const)
        .filter(([a, b]) => !isSame(a, b, whole));
      const unexplained = different.filter(([a, b]) => !INTENDED.some(({ holds }) => holds(a, b)));
      assertEquals(unexplained.map(([a, b]) => show(a, b)).join("\n"), "");
      assert(different.length < MOST_INTENDED * mine.exchanges.length, `${different.length} answers differ`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Of a refusal status and code count, and of a search its words: elsewhere they are tested in `tests/MLOps`. */
function isSame(real: Exchange, ours: Exchange, whole: boolean): boolean {
  if (real.status !== ours.status) return false;
  if (codeOf(real) !== undefined || codeOf(ours) !== undefined) {
    const isWorded = whole && /search/.test(real.request) && codeOf(real) === "INVALID_PARAMETER_VALUE";
    return codeOf(real) === codeOf(ours) && (!isWorded || words(real) === words(ours));
  }
  return !whole || JSON.stringify(comparable(real.answer)) === JSON.stringify(comparable(ours.answer));
}

/** The message; the members of a Python set come in any order. */
function words(exchange: Exchange): string {
  return messageOf(exchange).replace(/\{'.*?'\}/g, (set) => set.slice(1, -1).split(", ").sort().join(", "));
}

/** Without what carries no meaning: the order of a thing's tags, metrics and so on, and of how ids are numbered. */
function comparable(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replace(/<id \d+>/g, "<id>").replace(/^<folder>\/(?:\S+\/)?/, "<folder>/");
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => JSON.stringify(comparable(item)));
    return value.some((item) => UNORDERED.some((key) => Object.hasOwn(item ?? {}, key))) ? items.sort() : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key, item]) => !IGNORED.has(key) && !isEmpty(item))
      .sort(([a], [b]) => a < b ? -1 : 1)
      .map((
        [key, item],
      ) => [key, key === "value" && isJsonList(item) ? comparable(JSON.parse(item)) : comparable(item)]),
  );
}

/** Fields that one of the two has more: workspaces and features are not served; the lineage of a version is told. */
const IGNORED = new Set([
  "workspace",
  "features_enabled",
  "presigned_upload_model_id_supported",
  "presigned_upload_run_id_supported",
  "model_id",
  "aliases",
  "next_page_token",
]);

/** Keys of what hangs on a run, model or version; the order of runs, models and versions themselves counts. */
const UNORDERED = ["key", "alias", "dataset", "current_stage"];

/** An empty message or list may be there or not: to a client it is the same. */
function isEmpty(value: unknown): boolean {
  return value === "" || value === null ||
    (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

function isJsonList(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("[{");
}

function show(real: Exchange, ours: Exchange): string {
  const where = firstDifference(comparable(real.answer), comparable(ours.answer), "");
  return `${real.request.slice(0, 300)}\n  status ${real.status}, ours ${ours.status}; ${where}`;
}

/** The first place at which two values differ, with both. */
function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  const isBranch = (value: unknown) => typeof value === "object" && value !== null;
  if (!isBranch(a) || !isBranch(b)) {
    const cut = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 200);
    return a === b ? undefined : `${path}: ${cut(a)}, ours ${cut(b)}`;
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
