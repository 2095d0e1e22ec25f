import { z } from "zod";
import { DomainError, parseInstant, type TimeRange } from "../../core/mod.ts";

/** A known outage of an exchange. */
export interface KnownOutage extends TimeRange {
  /** What is known of it, in words. */
  readonly evidence: string;
}

const SCHEMA = z.strictObject({
  $schema: z.string().optional(),
  outages: z.array(z.strictObject({
    exchange: z.string(),
    start: z.string(),
    end: z.string(),
    evidence: z.string().min(1),
  })).default([]),
});

/**
 * The outages of `exchange` in a calendar such as `config/binance_outages.json`, by start.
 *
 * @throws {DomainError} `config-invalid`.
 */
export function parseOutages(raw: unknown, exchange: string): KnownOutage[] {
  const parsed = SCHEMA.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new DomainError(
      "config-invalid",
      `Cannot read the calendar of outages at '${issue.path.join(".")}': ${issue.message}`,
    );
  }
  return parsed.data.outages
    .filter((outage) => outage.exchange === exchange)
    .map(({ start, end, evidence }) => {
      const startMs = parseInstant(start), endMs = parseInstant(end);
      if (endMs <= startMs) {
        throw new DomainError(
          "config-invalid",
          `Cannot read the calendar of outages as one ends before it starts: ${start}`,
        );
      }
      return { startMs, endMs, evidence };
    })
    .sort((a, b) => a.startMs - b.startMs);
}
