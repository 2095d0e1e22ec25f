import type { KeyValue } from "../../../core/mod.ts";
import { formatInterval, formatNumber } from "../format.ts";
import type { GateReport } from "../gate_report.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { dataTable } from "./data_table.ts";
import { keyValueTable } from "./facts.ts";

const PREFIX = "gate.";
const CHECK_PREFIX = "gate.check.";
/** Tags that the chip and the table of checks tell better. */
const SUMMED_UP: readonly string[] = ["gate.passed", "gate.forced", "gate.checks", "gate.reason"];

/** Whether a tag is evidence that the gate left at promotion. */
export function isGateTag({ key }: KeyValue): boolean {
  return key === "gate" || key.startsWith(PREFIX);
}

/** Says of a version that its evidence is that of a quick run; nothing of others. */
export function evidenceChip(tags: readonly KeyValue[]): Html {
  const isQuick = tags.some(({ key, value }) => key === "evidence" && value === "quick");
  return isQuick
    ? html`<span class="chip" title="Scored on half of a short range: evidence of a quick run">Quick evidence</span>`
    : EMPTY;
}

/** The gate's verdict on a version in a word, and whether it rests on a quick run; a dash where no gate left one. */
export function gateChip(tags: readonly KeyValue[]): Html {
  return html`${verdictChip(tags)} ${evidenceChip(tags)}`;
}

function verdictChip(tags: readonly KeyValue[]): Html {
  const verdict = (name: string) => tags.find(({ key }) => key === `${PREFIX}${name}`)?.value.toLowerCase() === "true";
  if (!tags.some(isGateTag)) return html`<span class="muted">–</span>`;
  return outcomeChip(verdict("forced") ? "forced" : verdict("passed") ? "passed" : "refused");
}

function outcomeChip(outcome: NonNullable<GateReport["outcome"]>): Html {
  if (outcome === "forced") return html`<span class="chip busy">Forced</span>`;
  return outcome === "passed"
    ? html`<span class="chip good"><span class="dot" aria-hidden="true"></span>Passed</span>`
    : html`<span class="chip bad"><span class="dot" aria-hidden="true"></span>Refused</span>`;
}

/** All that the gate left on a version: its verdict, its checks where its report is there, and what else its tags say. */
export function gateEvidence(tags: readonly KeyValue[], report: GateReport | undefined): Html {
  const evidence = tags.filter(isGateTag);
  if (report === undefined) return html`<p>${gateChip(tags)}</p>${keyValueTable("gate evidence", evidence)}`;
  const rest = evidence.filter(({ key, value }) =>
    value !== "" && !SUMMED_UP.includes(key) && !key.startsWith(CHECK_PREFIX)
  );
  const count = report.checks.filter(({ passed }) => passed).length;
  const asked = [
    report.decidedAt === "" ? "" : `asked ${report.decidedAt.slice(0, 19).replace("T", " ")} UTC`,
    report.decidedBy === "" ? "" : `by ${report.decidedBy}`,
  ].filter((part) => part !== "").join(" ");
  return html`<p>${report.outcome === undefined ? verdictChip(tags) : outcomeChip(report.outcome)} ${
    evidenceChip(tags)
  } <span class="muted">${
    [`${count} of ${report.checks.length} checks`, asked].filter((part) => part !== "").join(" · ")
  }</span></p>${report.reason === "" ? EMPTY : html`<p class="small">Reason: ${report.reason}</p>`}${
    checkTable(report)
  }${rest.length === 0 ? EMPTY : keyValueTable("gate evidence", rest)}`;
}

/** The checks of a report, each with what was seen and asked. */
export function checkTable({ checks }: GateReport): Html {
  return dataTable({
    caption: "Checks of the gate",
    headings: ["Check", "Result", ["Seen", "number"], "Asked"],
    rows: checks.map(({ name, passed, value, interval, rule, note }) => [
      name,
      resultChip(passed),
      html`${value === undefined ? EMPTY : formatNumber(value)}${
        interval === undefined ? EMPTY : html`<span class="change">${formatInterval(interval)}</span>`
      }`,
      html`${rule}${note === "" ? EMPTY : html`<span class="change">${note}</span>`}`,
    ]),
    className: "checks",
  });
}

function resultChip(passed: boolean): Html {
  const [kind, text] = passed ? ["good", "Passed"] : ["bad", "Failed"];
  return html`<span class="chip ${kind}"><span class="dot" aria-hidden="true"></span>${text}</span>`;
}
