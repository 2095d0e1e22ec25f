import type { Run } from "../../core/mod.ts";
import type { ViewType } from "../../core/mod.ts";
import type { Query } from "./urls.ts";

const PAGE_SIZES: readonly number[] = [25, 50, 100, 250];
const DEFAULT_SIZE = 50;
const VIEWS: readonly ViewType[] = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];
const DEFAULT_METRICS = 5;
const DEFAULT_PARAMS = 3;
/** What `track` logs of most weight, heaviest first; other metrics come by their names. */
const WEIGHTY_METRICS: readonly string[] = ["log_loss", "qlike", "pinball", "brier", "auc"];
/** Parameters that say what a run is, where none tells the runs apart. */
const WEIGHTY_PARAMS: readonly string[] = ["model", "horizon_minutes"];
/** Tag of `track`'s conclusion, shown wherever a run has it. */
const VERDICT_TAG = "verdict";

/** A column of the runs table: what it shows of a run. */
export interface Column {
  /** Kind of what it shows. */
  readonly entity: "metrics" | "params" | "tags" | "attributes";
  /** Its key. */
  readonly key: string;
}

/** What the address of an experiment's page asks for. */
export interface RunsQuery {
  /** MLflow's filter; empty for all. */
  readonly filter: string;
  /** Column that orders the rows, with the direction. */
  readonly order: Column & { readonly isDescending: boolean };
  /** Columns chosen; undefined where the user did not choose. */
  readonly columns: readonly Column[] | undefined;
  /** Tokens of the pages passed, this page's last; empty on the first page. */
  readonly tokens: readonly string[];
  /** Rows a page. */
  readonly size: number;
  /** Which life-cycle stages. */
  readonly view: ViewType;
}

/** Sizes that the page offers. */
export const SIZES = PAGE_SIZES;

const NEWEST_FIRST = { entity: "attributes", key: "start_time", isDescending: true } as const;

/** Reads an address; what it cannot use it leaves at its default. */
export function parseRunsQuery(parameters: URLSearchParams): RunsQuery {
  const order = parseColumn(parameters.get("order") ?? "");
  const view = VIEWS.find((known) => known === parameters.get("view")) ?? "ACTIVE_ONLY";
  const size = Number(parameters.get("size"));
  const isChosen = parameters.has("chosen") || parameters.has("col");
  return {
    filter: parameters.get("filter")?.trim() ?? "",
    order: order === undefined ? NEWEST_FIRST : { ...order, isDescending: parameters.get("dir") !== "asc" },
    columns: isChosen ? parameters.getAll("col").map(parseColumn).filter((column) => column !== undefined) : undefined,
    tokens: parameters.getAll("page"),
    size: PAGE_SIZES.includes(size) ? size : DEFAULT_SIZE,
    view,
  };
}

/** The address's parameters for a query; what stands at its default is left out. */
export function toParameters(query: RunsQuery): Query {
  const { order, columns } = query;
  const isDefaultOrder = order.entity === "attributes" && order.key === "start_time" && order.isDescending;
  return {
    filter: query.filter,
    order: isDefaultOrder ? undefined : columnId(order),
    dir: isDefaultOrder || order.isDescending ? undefined : "asc",
    view: query.view === "ACTIVE_ONLY" ? undefined : query.view,
    size: query.size === DEFAULT_SIZE ? undefined : query.size,
    chosen: columns === undefined ? undefined : 1,
    col: columns?.map(columnId),
    page: query.tokens,
  };
}

/** The clause of MLflow's `order_by`; keys are quoted, as they may hold spaces. */
export function orderClause({ order }: RunsQuery): string {
  const name = order.entity === "attributes" ? order.key : `${order.entity}.\`${order.key}\``;
  return `${name} ${order.isDescending ? "DESC" : "ASC"}`;
}

/** A column's name in an address and in MLflow's grammar: `metrics.rmse`. */
export function columnId({ entity, key }: Column): string {
  return `${entity}.${key}`;
}

/** Columns that these runs could show: all metrics and parameters, and the tags that people set. */
export function availableColumns(runs: readonly Run[]): readonly Column[] {
  const collect = (entity: Column["entity"], keysOf: (run: Run) => readonly { readonly key: string }[]) =>
    [...new Set(runs.flatMap((run) => keysOf(run).map(({ key }) => key)))].sort().map((key) => ({ entity, key }));
  return [
    ...collect("metrics", ({ metrics }) => metrics),
    ...collect("params", ({ params }) => params),
    ...collect("tags", ({ tags }) => tags.filter(({ key }) => !key.startsWith("mlflow."))),
  ];
}

/**
 * Columns to show where nobody chose: the verdict, the weightiest metrics, then those that most runs have with the
 * plainest names, and the parameters that tell the runs apart.
 */
export function defaultColumns(runs: readonly Run[]): readonly Column[] {
  const place = (list: readonly string[], key: string) => list.includes(key) ? list.indexOf(key) : list.length;
  const metrics = ranked(
    runs.map(({ metrics }) => metrics.map(({ key }) => ({ key, value: "" }))),
    (_values, key) => place(WEIGHTY_METRICS, key),
  );
  const params = ranked(
    runs.map(({ params }) => params),
    (values, key) => values.size > 1 ? 0 : 1 + place(WEIGHTY_PARAMS, key),
  );
  const hasVerdict = runs.some(({ tags }) => tags.some(({ key }) => key === VERDICT_TAG));
  return [
    ...(hasVerdict ? [{ entity: "tags" as const, key: VERDICT_TAG }] : []),
    ...metrics.slice(0, DEFAULT_METRICS).map((key): Column => ({ entity: "metrics", key })),
    ...params.slice(0, DEFAULT_PARAMS).map((key): Column => ({ entity: "params", key })),
  ];
}

function ranked(
  lists: readonly (readonly { readonly key: string; readonly value: string }[])[],
  penalty: (values: ReadonlySet<string>, key: string) => number,
): readonly string[] {
  const seen = new Map<string, { count: number; values: Set<string> }>();
  for (const list of lists) {
    for (const { key, value } of list) {
      const entry = seen.get(key) ?? { count: 0, values: new Set() };
      entry.count++;
      entry.values.add(value);
      seen.set(key, entry);
    }
  }
  const words = (key: string) => key.split(/[/._]/).length;
  return [...seen].sort(([keyA, a], [keyB, b]) =>
    penalty(a.values, keyA) - penalty(b.values, keyB) || b.count - a.count || words(keyA) - words(keyB) ||
    (keyA < keyB ? -1 : 1)
  ).map(([key]) => key);
}

/** Reads a name as {@linkcode columnId} writes it; undefined for what is none. */
export function parseColumn(text: string): Column | undefined {
  const match = /^(metrics|params|tags|attributes)\.(.+)$/s.exec(text);
  if (match === null) return undefined;
  const [, entity, key] = match as unknown as [string, Column["entity"], string];
  if (key.includes("`") || key.length > 250) return undefined;
  if (entity === "attributes" && !ORDERING_ATTRIBUTES.includes(key)) return undefined;
  return { entity, key };
}

const ORDERING_ATTRIBUTES: readonly string[] = ["start_time", "end_time", "run_name", "status", "user_id"];
