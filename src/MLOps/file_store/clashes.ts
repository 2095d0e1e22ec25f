import { TrackingError } from "../../core/mod.ts";
import type { Database } from "../sqlite/database.ts";
import type { FileStore } from "./file_store.ts";

/** Experiment that every store has. */
export const DEFAULT_ID = "0";

/** Whether experiment 0 of a database is as it was made: the one of the file store then takes its place. */
export function isDefaultUnused(db: Database): boolean {
  const used = ["runs", "logged_models", "experiment_tags", "datasets", "trace_info"]
    .some((table) => db.get(`SELECT 1 FROM ${table} WHERE experiment_id = 0 LIMIT 1`) !== undefined);
  return !used && db.get("SELECT 1 FROM experiments WHERE experiment_id = 0 AND name <> 'Default'") === undefined;
}

/**
 * Refuses a store of which the database already has an id or a name.
 *
 * @throws {TrackingError} RESOURCE_ALREADY_EXISTS, saying which.
 */
export function refuseClashes(db: Database, store: FileStore, target: string): void {
  const replaced = isDefaultUnused(db);
  const others = store.experiments.filter(({ id }) => id !== DEFAULT_ID);
  const written = store.experiments.filter(({ id }) => id !== DEFAULT_ID || replaced);
  refuseTwice(store, written.map(({ meta, path }) => [meta.name, path]));
  const found = (sql: string, wanted: readonly string[]) =>
    db.all<{ known: string }>(`${sql} IN (SELECT value FROM json_each(?)) ORDER BY 1`, JSON.stringify(wanted))
      .map(({ known }) => known);
  const taken: readonly (readonly [what: string, known: readonly string[], hint: string])[] = [
    [
      "of its experiments",
      found(
        "SELECT CAST(experiment_id AS TEXT) AS known FROM experiments WHERE experiment_id",
        others.map(({ id }) => id),
      ),
      ANOTHER_TARGET,
    ],
    [
      "of its runs",
      found("SELECT run_uuid AS known FROM runs WHERE run_uuid", store.experiments.flatMap(({ runs }) => runs)),
      ANOTHER_TARGET,
    ],
    [
      "of its logged models",
      found(
        "SELECT model_id AS known FROM logged_models WHERE model_id",
        store.experiments.flatMap(({ models }) => models),
      ),
      ANOTHER_TARGET,
    ],
    [
      "of the names of its experiments",
      found(
        `SELECT name AS known FROM experiments WHERE ${replaced ? "experiment_id <> 0 AND" : ""} name`,
        written.map(({ meta }) => meta.name),
      ),
      "Rename the experiment in the target, also where it is deleted, or import into a database of its own with --target",
    ],
    [
      "of the names of its registered models",
      found("SELECT name AS known FROM registered_models WHERE name", store.registeredModels),
      "Rename the registered model in the target, or import into a database of its own with --target",
    ],
  ];
  for (const [what, known, hint] of taken) {
    if (known.length === 0) continue;
    const names = `${known.slice(0, 3).map((name) => `'${name}'`).join(", ")}${known.length > 3 ? " and so on" : ""}`;
    throw new TrackingError(
      "RESOURCE_ALREADY_EXISTS",
      `Cannot import '${store.root}' into '${target}' as that has ${known.length} ${what} already: ${names}`,
      { hint },
    );
  }
}

const ANOTHER_TARGET = "It was imported before, it seems; name another database with --target sqlite:///FILE";

function refuseTwice(store: FileStore, named: readonly (readonly [name: string, path: string])[]): void {
  const places = new Map<string, string>();
  for (const [name, path] of named) {
    const first = places.get(name);
    if (first !== undefined) {
      throw new TrackingError(
        "RESOURCE_ALREADY_EXISTS",
        `Cannot import '${store.root}' as two of its experiments are named '${name}': '${first}' and '${path}'`,
        { hint: "Change the name in the meta.yaml of one of them, then import again" },
      );
    }
    places.set(name, path);
  }
}
