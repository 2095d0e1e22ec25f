/** The schema as written against its description in the reference, which another hand wrote. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { SCHEMA_REVISION, SCHEMA_STATEMENTS } from "../../../src/MLOps/sqlite/schema.ts";

const DESCRIPTION = "tests/fixtures/mlflow_schema_6953534de441.txt";

interface Described {
  readonly table: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly notNull: boolean;
    readonly default: string | null;
  }[];
  /** Constraints as SQL with single spaces, without the word CONSTRAINT where they have no name. */
  readonly constraints: readonly string[];
}

/** Reads a line such as `t(a INTEGER!, b BIGINT! =0) pk t_pk(a); fk(b)->u(c) ON DELETE CASCADE; unique(a); check - a IN (0,1)`. */
function describe(line: string): Described {
  const match = /^(\w+)\((.*?)\) pk (\w+)\((.*?)\)(.*)$/.exec(line);
  assert(match !== null, line);
  const [, table, columnTexts, keyName, keyColumns, rest] = match;
  // Commas inside of VARCHAR(…) do not occur, so columns part at commas.
  const columns = columnTexts!.split(", ").map((text) => {
    const [, name, type, notNull, value] = /^(\w+) (\w+(?:\(\d+\))?)(!)?(?: =(\d))?$/.exec(text)!;
    return { name: name!, type: type!, notNull: notNull === "!", default: value === undefined ? null : `'${value}'` };
  });
  const list = (text: string) => text.split(",").map((name) => name.trim()).join(", ");
  const constraints = [`CONSTRAINT ${keyName} PRIMARY KEY (${list(keyColumns!)})`];
  for (const part of rest!.split(";").map((text) => text.trim()).filter((text) => text !== "")) {
    const foreign = /^fk ?(\w+)?\((.*?)\)->(\w+)\((.*?)\)(.*)$/.exec(part);
    const unique = /^unique\((.*)\)$/.exec(part);
    const check = /^check (\S+) (.*)$/.exec(part);
    if (foreign !== null) {
      const [, name, own, other, theirs, actions] = foreign;
      const named = name === undefined ? "" : `CONSTRAINT ${name} `;
      constraints.push(`${named}FOREIGN KEY(${list(own!)}) REFERENCES ${other} (${list(theirs!)})${actions}`);
    } else if (unique !== null) constraints.push(`UNIQUE (${list(unique[1]!)})`);
    else if (check !== null) {
      const named = check[1] === "-" ? "" : `CONSTRAINT ${check[1]} `;
      constraints.push(`${named}CHECK (${check[2]!.replace(/\((.*)\)/, (_, values) => `(${list(values)})`)})`);
    } else throw new Error(`Cannot read '${part}'`);
  }
  return { table: table!, columns, constraints };
}

Deno.test("SCHEMA_STATEMENTS create MLflow's 23 tables with every column and constraint name", async () => {
  const db = new DatabaseSync(":memory:");
  for (const statement of SCHEMA_STATEMENTS) db.exec(statement);
  const described = (await Deno.readTextFile(DESCRIPTION)).trim().split("\n").map(describe);
  const tables = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").all() as {
    name: string;
    sql: string;
  }[];
  assertEquals(tables.length, 23);
  assertEquals(tables.map(({ name }) => name), described.map(({ table }) => table).sort());
  for (const { table, columns, constraints } of described) {
    const found = db.prepare(`SELECT name, type, "notnull" AS strict, dflt_value FROM pragma_table_info(?)`).all(table);
    assertEquals(
      found.map(({ name, type, strict, dflt_value }) => ({ name, type, notNull: strict === 1, default: dflt_value })),
      columns.map((column) => ({ ...column })),
      table,
    );
    const sql = tables.find(({ name }) => name === table)!.sql.replace(/\s+/g, " ").replaceAll('"key"', "key");
    let rest = sql.slice(sql.indexOf("(") + 1, -1).trim();
    for (const constraint of constraints) {
      assert(rest.includes(constraint), `${table} lacks '${constraint}' in: ${rest}`);
      rest = rest.replace(constraint, "");
    }
    // Nothing but columns is left: no constraint that the description does not know.
    assert(!/CONSTRAINT|FOREIGN|CHECK|UNIQUE|PRIMARY/.test(rest), `${table} has more: ${rest}`);
  }
  db.close();
});

Deno.test("SCHEMA_STATEMENTS create MLflow's twelve indexes, two of our own, and note the revision", () => {
  const db = new DatabaseSync(":memory:");
  for (const statement of SCHEMA_STATEMENTS) db.exec(statement);
  const indexes = db.prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").all();
  assertEquals(indexes.filter(({ name }) => String(name).startsWith("index_")).length, 12);
  assertEquals(indexes.filter(({ name }) => !String(name).startsWith("index_")).map(({ name }) => name), [
    "sandbox_runs_newest_first",
    "sandbox_metrics_by_history",
  ]);
  assertEquals(db.prepare("SELECT version_num AS v FROM alembic_version").all().map(({ v }) => v), [SCHEMA_REVISION]);
  assertEquals(SCHEMA_REVISION, "6953534de441");
  db.close();
});

Deno.test("the newest runs are found by an index, without sorting all of the experiment", () => {
  const db = new DatabaseSync(":memory:");
  for (const statement of SCHEMA_STATEMENTS) db.exec(statement);
  const plan = db.prepare(
    `EXPLAIN QUERY PLAN SELECT * FROM runs r WHERE r.experiment_id IN (?) AND r.lifecycle_stage IN (?)
     ORDER BY r.start_time DESC, r.run_uuid LIMIT 101`,
  ).all(1, "active").map(({ detail }) => String(detail)).join("; ");
  assert(plan.includes("sandbox_runs_newest_first"), plan);
  assert(!plan.includes("TEMP B-TREE"), plan);
  db.close();
});
