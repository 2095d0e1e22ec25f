import type { GateCheck } from "./gate_check.ts";

/** A check in one line, for a tag that any MLflow page shows. */
export function checkText({ passed, value, interval, rule, note }: GateCheck): string {
  const found = note ?? (value === null ? "unknown" : checkFigure(value));
  const range = interval === null ? "" : ` [${interval.map(checkFigure).join(", ")}]`;
  return `${passed ? "passed" : "failed"}: ${found}${range}; ${rule}`;
}

const LOSS_WORDS: Readonly<Record<string, string>> = {
  qlike: "QLIKE",
  log_loss: "log-loss",
  pinball: "pinball loss",
};
const CHECK_WORDS: Readonly<Record<string, string>> = {
  evaluation_complete: "completeness of the evaluation",
  leak_checks: "leak checks",
  refit_spread: "the model to serve beside the last steps'",
  blocks: "days scored",
  coverage_90: "share inside the 90 % interval",
};

/** What a check looks at in words: `QLIKE against climatology`. The name of one that is not known stays. */
export function checkWords(name: string): string {
  const [, loss = "", rival = ""] = /^(.+)_vs_(.+)$/.exec(name) ?? [];
  return loss in LOSS_WORDS ? `${LOSS_WORDS[loss]} against ${rival}` : CHECK_WORDS[name] ?? name;
}

/** A check that failed for a person, from its name and the reason that is kept: `QLIKE against ewma: 0.1 [-0.2, 0.4]; …`. */
export function failureText({ name, reason }: { readonly name: string; readonly reason: string }): string {
  const technical = `${name} failed: `;
  return `${checkWords(name)}: ${reason.startsWith(technical) ? reason.slice(technical.length) : reason}`;
}

/** A figure of a check: counts as they are, anything else with four decimals. */
export function checkFigure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
