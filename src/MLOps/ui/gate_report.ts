import { isDomainError } from "../../core/mod.ts";
import type { ArtifactRoot } from "../server/artifact_access.ts";
import { isRecord } from "../server/fields.ts";
import { readHead } from "./read_head.ts";

const FILE = "gate.json";
const MAX_BYTES = 1_000_000;
const MAX_CHECKS = 200;

/** One check of the gate. */
export interface GateCheck {
  /** What was looked at: `qlike_vs_har`. */
  readonly name: string;
  /** Whether it holds. */
  readonly passed: boolean;
  /** What was seen; unset where it is no number. */
  readonly value: number | undefined;
  /** Its interval, where it has one. */
  readonly interval: readonly [low: number, high: number] | undefined;
  /** What was asked of it, in words. */
  readonly rule: string;
  /** What else there is to know. */
  readonly note: string;
}

/** What the gate saw when a run was promoted, as `register` leaves it among the run's files. */
export interface GateReport {
  /** Registered model that the run was to be a version of. */
  readonly name: string;
  /** The checks, in the gate's order. */
  readonly checks: readonly GateCheck[];
  /** Whether the alias was moved; unset where the report does not say. */
  readonly outcome: "passed" | "forced" | "refused" | undefined;
  /** When it was asked, as it is written. */
  readonly decidedAt: string;
  /** Who asked. */
  readonly decidedBy: string;
  /** Reason given. */
  readonly reason: string;
}

/** The gate's report among a run's files, or none: the file may be missing, foreign or damaged. */
export async function readGateReport(root: ArtifactRoot): Promise<GateReport | undefined> {
  try {
    const file = await root.open(FILE);
    const text = new TextDecoder().decode(await readHead(file, MAX_BYTES));
    return parseGateReport(JSON.parse(text));
  } catch (error) {
    const isAbsent = isDomainError(error) || error instanceof SyntaxError || error instanceof Deno.errors.NotCapable;
    if (isAbsent) return undefined;
    throw error;
  }
}

/** Reads a report; what does not look like a check is left out, as any client may have written the file. */
export function parseGateReport(raw: unknown): GateReport | undefined {
  if (!isRecord(raw) || typeof raw["name"] !== "string" || !Array.isArray(raw["checks"])) return undefined;
  const text = (value: unknown) => typeof value === "string" ? value : "";
  const checks = raw["checks"].slice(0, MAX_CHECKS).filter(isRecord).map((check): GateCheck => ({
    name: text(check["name"]),
    passed: check["passed"] === true,
    value: typeof check["value"] === "number" ? check["value"] : undefined,
    interval: isInterval(check["interval"]) ? check["interval"] : undefined,
    rule: text(check["rule"]),
    note: text(check["note"]),
  }));
  return {
    name: raw["name"],
    checks,
    outcome: raw["allowed"] === false
      ? "refused"
      : raw["allowed"] !== true
      ? undefined
      : raw["passed"] === true
      ? "passed"
      : "forced",
    decidedAt: text(raw["decidedAt"]),
    decidedBy: text(raw["decidedBy"]),
    reason: text(raw["reason"]),
  };
}

function isInterval(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number");
}
