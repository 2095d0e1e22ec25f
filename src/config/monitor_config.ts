import { z } from "zod";
import { configJsonSchema, loadSettings } from "./load.ts";

/** Where the settings of `monitor` are. */
export const MONITOR_CONFIG_PATH = "config/monitor.json";

/** Settings of `monitor` (`config/monitor.json`); every key may be left out. */
export const MONITOR_CONFIG_SCHEMA = z.strictObject({
  predictionLog: z.string().min(1).nullable().default(null).describe(
    "Folder of the prediction log; null: that of config/api.json",
  ),
  everyMinutes: z.number().positive().max(1440).default(15).describe(
    "With --follow: minutes from one look to the next",
  ),
  alerts: z.strictObject({
    file: z.string().min(1).nullable().default("reports/monitoring/alerts.jsonl").describe(
      "File that alerts are added to, a line of JSON each; null: none",
    ),
    repeatHours: z.number().positive().max(8760).default(24).describe(
      "Hours after which an alert that goes on is told again",
    ),
    webhook: z.strictObject({
      url: z.url({ protocol: /^https?$/, error: "It must be an http or https address" }).nullable().default(null)
        .describe("Address that alerts are posted to; needs NET=HOST:PORT beside the task. null: none"),
      timeoutSeconds: z.number().min(0.1).max(60).default(5).describe("Time for one attempt"),
      attempts: z.int().min(1).max(5).default(3).describe(
        "Attempts a look; what was not taken is sent again by the next",
      ),
    }).prefault({}).describe("Signed with MONITOR_WEBHOOK_SECRET where that is set"),
  }).prefault({}).describe("Where alerts go beside the result"),
}).describe("Settings of monitor");

/** Settings of `monitor`, resolved. */
export type MonitorConfig = z.output<typeof MONITOR_CONFIG_SCHEMA>;

/** JSON Schema of the file, as `config/schemas/monitor.schema.json` holds it. */
export function monitorConfigJsonSchema(): Record<string, unknown> {
  return configJsonSchema(MONITOR_CONFIG_SCHEMA);
}

/** The settings in `path`, or the usual ones. @throws {DomainError} `config-invalid` naming file, key and value. */
export function loadMonitorConfig(path?: string): Promise<MonitorConfig> {
  return loadSettings(path, {
    path: MONITOR_CONFIG_PATH,
    schema: MONITOR_CONFIG_SCHEMA,
    carried: async () => (await import("../../config/monitor.json", { with: { type: "json" } })).default,
  });
}
