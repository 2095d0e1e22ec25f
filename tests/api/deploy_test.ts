import { assert, assertEquals, assertThrows } from "@std/assert";
import { load } from "js-yaml";
import { MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { PredictionLog, RequestLog } from "../../src/api/mod.ts";
import type { Challenger } from "../../src/api/challenger/challenger.ts";
import { loadForecastModel } from "../../src/ml/mod.ts";
import { defaultApiConfig } from "../../src/config/api_config.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { harSpec, modelFiles, registerModel } from "./model_fixture.ts";
import { parsePromql, seriesIn } from "./promql.ts";
import { PATIENT_LIMITS, plainRow, startService } from "./service_fixture.ts";

/** Labels that Prometheus adds when it scrapes. */
const SCRAPE_LABELS = ["job", "instance"];
/** Series that Prometheus makes itself. */
const OWN_SERIES = new Map([["up", new Map<string, Set<string>>()]]);
/** Labels whose values depend on what is asked. */
const OPEN_LABELS = ["status", "reason", "route", ...SCRAPE_LABELS];

/** The metrics of a service to which everything happened that has a label of its own. */
async function everySeries(): Promise<Map<string, Map<string, Set<string>>>> {
  await using tmp = await tmpDir();
  const clock = new ManualClock(0);
  await using log = await PredictionLog.open({
    directory: tmp.path,
    key: new Uint8Array(32),
    clock,
    flushMs: 20,
    maxFileBytes: 1e6,
  });
  const sink = { write: () => Promise.resolve(), close() {} };
  await using requestLog = new RequestLog({ sink, format: "json", level: "info", sampleShare: 1, clock });
  const walk = randomCandles(2 * 1440 + 20), start = 2 * 1440;
  const fixture = await startService({
    ...{ log, requestLog },
    candles: sliceCandles(walk, 0, start),
    loadChallenger: async (files) => {
      const model = await loadForecastModel(files);
      return {
        info: model.info,
        predict: (rows, count) => Promise.resolve(model.predict(rows, count)),
        [Symbol.dispose]() {},
      };
    },
    config: {
      challenger: { ...defaultApiConfig().challenger, alias: "challenger", share: 1 },
      limits: { ...PATIENT_LIMITS, maxBodyBytes: 2000 },
    },
  });
  const { service, feed, ask, post } = fixture, ending = new AbortController();
  const settle = async () => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  await registerModel(fixture, modelFiles(harSpec({ logit: 0.5 })), { alias: "challenger" });
  const watching = service.watch(ending.signal);
  await settle();
  for (let minute = start + 1; minute <= start + 20; minute++) {
    feed.put(sliceCandles(walk, 0, minute));
    await fixture.clock.advance(MINUTE_MS);
    await settle();
  }
  await post("/predict", { features: plainRow() });
  const outcomes = Array.from({ length: 13 * 60 }, (_, i) => i).flatMap((minute) =>
    [1, 2].map((version) => ({ minute, version }))
  );
  (service.challenger as Challenger).scored(outcomes.map(({ minute, version }) => ({
    model: { name: "bitcoin-model", version: String(version), alias: null, runId: "", horizonMinutes: 15 },
    decisionTimeMs: minute * MINUTE_MS,
    logLoss: 1 / version,
    qlike: 1 / version,
    isCovered: true,
  })));
  await post("/predict", " ".repeat(3000));
  const bad = modelFiles(harSpec());
  bad.set("forecast.json", new Uint8Array([123]));
  await registerModel(fixture, bad);
  await service.host.check({ force: true });
  const text = await (await ask("/metrics")).text();
  ending.abort();
  await watching;
  return seriesIn(text);
}

const KNOWN = new Map([...await everySeries(), ...OWN_SERIES]);

/** What an expression asks for that the service does not tell; throws where it is no PromQL. */
function objections(expression: string): string[] {
  const { selectors, grouping } = parsePromql(
    expression.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
  );
  const labelsOf = (metric: string) => [...(KNOWN.get(metric)?.keys() ?? []), ...SCRAPE_LABELS];
  const found = selectors.flatMap(({ metric, labels }) => {
    if (!KNOWN.has(metric)) return [`no metric ${metric}`];
    return [...labels].flatMap(([label, matcher]) => {
      if (!labelsOf(metric).includes(label)) return [`${metric} has no label ${label}`];
      const value = /^="(.*)"$/.exec(matcher)?.[1];
      if (value === undefined || OPEN_LABELS.includes(label) || KNOWN.get(metric)!.get(label)!.has(value)) return [];
      return [`${metric} never has ${label}="${value}"`];
    });
  });
  const all = selectors.flatMap(({ metric }) => labelsOf(metric));
  return [...found, ...grouping.filter((label) => !all.includes(label)).map((label) => `no label ${label}`)];
}

/** Labels that a text puts in by `{{label}}` or `{{ $labels.label }}`. */
function templateLabels(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map((match) => match[1]!);
}

function unknownLabels(text: string, expression: string): string[] {
  const { selectors } = parsePromql(expression.replaceAll("$__rate_interval", "5m"));
  const known = selectors.flatMap(({ metric }) => [...(KNOWN.get(metric)?.keys() ?? []), ...SCRAPE_LABELS]);
  return templateLabels(text).filter((label) => !known.includes(label));
}

Deno.test("objections() finds a metric, a label, a value and a grouping that are not there, and what is no PromQL", () => {
  assertEquals(objections(`rate(bitcoin_ml_model_swaps_total{outcome="refused"}[5m]) > 0`), []);
  assertEquals(objections("bitcoin_ml_nothing"), ["no metric bitcoin_ml_nothing"]);
  assertEquals(objections(`bitcoin_ml_data_stale{x!="1"}`), ["bitcoin_ml_data_stale has no label x"]);
  assertEquals(objections(`bitcoin_ml_model_swaps_total{outcome="refuse"}`), [
    `bitcoin_ml_model_swaps_total never has outcome="refuse"`,
  ]);
  assertEquals(objections(`sum by (rout) (bitcoin_ml_predicted_rows_total)`), ["no label rout"]);
  for (const broken of ["rate(up[5m]", "sum by route (up)", "up > > 1", "rate(up[5parsecs])"]) {
    assertThrows(() => objections(broken), SyntaxError);
  }
});

const DURATION = /^(\d+(ms|[smhdwy]))+$/;

/** What `promtool check rules` would object to in a file of rules, as far as its shape goes. */
function ruleFileObjections(file: unknown): string[] {
  const found: string[] = [];
  const need = (isRight: boolean, what: string) => isRight || found.push(what);
  const keysWithin = (value: object, allowed: readonly string[], where: string) =>
    need(
      Object.keys(value).every((key) => allowed.includes(key)),
      `${where} has a key that is none: ${Object.keys(value)}`,
    );
  const isTexts = (value: unknown) =>
    value === undefined ||
    typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
  const { groups } = file as { groups: Record<string, unknown>[] };
  keysWithin(file as object, ["groups"], "the file");
  need(new Set(groups.map(({ name }) => name)).size === groups.length, "two groups have one name");
  for (const group of groups) {
    keysWithin(group, ["name", "interval", "query_offset", "limit", "labels", "rules"], `group ${group["name"]}`);
    need(typeof group["name"] === "string" && group["name"] !== "", "a group has no name");
    for (const rule of group["rules"] as Record<string, unknown>[]) {
      const name = String(rule["alert"] ?? rule["record"]);
      keysWithin(rule, ["alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"], name);
      need((rule["alert"] === undefined) !== (rule["record"] === undefined), `${name} is not one of alert and record`);
      need(typeof rule["expr"] === "string", `${name} has no expression`);
      need(rule["for"] === undefined || DURATION.test(String(rule["for"])), `${name} has a 'for' that is no duration`);
      need(
        isTexts(rule["labels"]) && isTexts(rule["annotations"]),
        `${name} has a label or annotation that is no text`,
      );
    }
  }
  return found;
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

Deno.test("alert rules have the shape of a rule file, and each asks for what the service tells", async () => {
  const file = load(await Deno.readTextFile("deploy/prometheus/alerts.yml"));
  assertEquals(ruleFileObjections(file), []);
  const alerts = (file as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules);
  assert(alerts.length > 10);
  assertEquals(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  for (const { alert, expr, labels, annotations } of alerts) {
    assertEquals(objections(expr), [], alert);
    assert(["critical", "warning"].includes(labels["severity"]!), alert);
    assert(annotations["summary"] !== undefined, alert);
    assertEquals(Object.values(annotations).flatMap((text) => unknownLabels(text, expr)), [], alert);
  }
  const [first] = (file as { groups: { rules: Record<string, unknown>[] }[] }).groups;
  const spoilt = (change: Record<string, unknown>) =>
    ruleFileObjections({ groups: [{ ...first, rules: [{ ...first!.rules[0], ...change }] }] }).length;
  assertEquals([{ for: "a while" }, { severity: "x" }, { record: "y" }, { labels: { a: 1 } }].map(spoilt), [
    1,
    1,
    1,
    1,
  ]);
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}

Deno.test("the dashboard's panels lie side by side, and each asks for what the service tells", async () => {
  const dashboard = JSON.parse(await Deno.readTextFile("deploy/grafana/bitcoin-ml.json"));
  const panels: Panel[] = dashboard.panels;
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + i % w},${y + Math.floor(i / w)}`)
  );
  assertEquals(new Set(cells).size, cells.length, "two panels lie on each other");
  assert(panels.every(({ gridPos: { x, w } }) => x >= 0 && x + w <= 24));
  const targets = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));
  assert(targets.length > 20);
  for (const { title, expr, legendFormat } of targets) {
    assertEquals(objections(expr), [], title);
    assertEquals(unknownLabels(legendFormat, expr), [], title);
  }
  for (const { title, type, targets = [] } of panels) {
    assertEquals(targets.length > 0, type !== "row", title);
    assertEquals(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
  const shown = new Set(
    targets.flatMap(({ expr }) =>
      parsePromql(expr.replaceAll("$__rate_interval", "5m")).selectors.map(({ metric }) => metric)
    ),
  );
  for (
    const part of [
      "skill_qlike",
      "data_age_seconds",
      "http_refusals_total",
      "challenger_calls_total",
      "feature_out_of_range_total",
    ]
  ) {
    assert(shown.has(`bitcoin_ml_${part}`), `${part} is shown nowhere`);
  }
});

Deno.test("the scrape configuration reads the rules beside it and asks the service's usual port", async () => {
  const config = load(await Deno.readTextFile("deploy/prometheus/prometheus.yml")) as {
    rule_files: string[];
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  for (const file of config.rule_files) assert((await Deno.stat(`deploy/prometheus/${file}`)).isFile);
  const [job] = config.scrape_configs;
  assertEquals(job!.job_name, "bitcoin-ml");
  const { host, port } = defaultApiConfig();
  assertEquals(job!.static_configs[0]!.targets, [`${host}:${port}`]);
});
