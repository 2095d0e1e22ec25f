import { toIso } from "../core/mod.ts";
import { FULL_DAYS_NEEDED, scoreDays } from "./day_skill.ts";
import type { AliasSkill } from "./findings.ts";
import type { AliasHolding, Scoring } from "./ports.ts";
import { pickRows, type RowOf, type ScoredRows } from "./scored_rows.ts";

/** A version's scored rows. */
export interface VersionRows {
  readonly version: string;
  readonly rows: ScoredRows;
  /** Labels of decision times up to here have closed. */
  readonly closedUntilMs: number;
}

/** Scores of each alias of a registered model, one horizon and series: a decision time counts for whoever held it then. */
export function scoreAliases(
  { name, horizonMinutes, versions, holdings }: {
    readonly name: string;
    readonly horizonMinutes: number;
    readonly versions: readonly VersionRows[];
    readonly holdings: readonly AliasHolding[];
  },
  scoring: Scoring,
): AliasSkill[] {
  const names = [...new Set(holdings.map(({ alias }) => alias))].sort();
  return names.flatMap((alias) => {
    const own = holdings.filter((holding) => holding.alias === alias);
    const picked: (RowOf & { readonly version: string; readonly atMs: number })[] = [];
    for (const { version, rows } of versions) {
      const spans = own.filter((holding) => holding.version === version);
      rows.outcomes.decisionTimeMs.forEach((atMs, row) => {
        const isHeld = spans.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
        if (isHeld) picked.push({ of: rows, row, version, atMs });
      });
    }
    if (picked.length === 0) return [];
    picked.sort((a, b) => a.atMs - b.atMs);
    const rows = pickRows(picked), closedUntilMs = Math.min(...versions.map((each) => each.closedUntilMs));
    const fullDays = scoreDays(rows, closedUntilMs, scoring).filter(({ full }) => full).length;
    return [{
      name,
      alias,
      horizonMinutes,
      versions: [...new Set(picked.map(({ version }) => version))],
      scored: picked.length,
      from: toIso(picked[0]!.atMs),
      to: toIso(picked.at(-1)!.atMs),
      fullDays,
      metrics: scoring.metrics(rows.outcomes, rows.forecasts, rows.baselines, {
        intervals: fullDays >= FULL_DAYS_NEEDED,
      }),
    }];
  });
}
