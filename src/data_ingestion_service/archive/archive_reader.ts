import { createHash } from "node:crypto";
import {
  type ArchiveFileRecord,
  type CallOptions,
  type CandleBatch,
  DomainError,
  type ErrorCode,
  type FileVerdict,
  isDomainError,
} from "../../core/mod.ts";
import { type CandleRules, checkCandles, violationText } from "../candle_checks.ts";
import type { ArchiveFile } from "./archive_layout.ts";
import type { ArchiveAnswer, ArchiveSource } from "./archive_source.ts";
import { CsvError, parseKlineCsv } from "./kline_csv.ts";
import { readOnlyMember, ZipError } from "./zip_member.ts";

/** A file whose rows may be stored. */
export interface ArchiveRows {
  readonly ok: true;
  readonly file: ArchiveFile;
  readonly batch: CandleBatch;
  /** Whole-file retries that it took. */
  readonly refetched: number;
  /** Whether it came from an earlier download. */
  readonly cached: boolean;
  readonly oddCloseTimes: readonly number[];
}

/** A file of which nothing is stored. */
export interface ArchiveFailure {
  readonly ok: false;
  readonly file: ArchiveFile;
  readonly record: ArchiveFileRecord;
  readonly refetched: number;
  /** Why; undefined where the source simply does not have it. */
  readonly error: DomainError | undefined;
  /** Whether the source could not be reached, so that nothing is known of the file, and the ledger has no row of it. */
  readonly unreached: boolean;
}

/** Options of {@linkcode readArchiveFile}. */
export interface ReadArchiveOptions extends CallOptions {
  /** Rules but for the range, which is the file's. */
  readonly rules: Omit<CandleRules, "range">;
  /** Tries of a file from a source that can be asked again. @default 1 */
  readonly attempts?: number;
  /** Stamp of the ledger row. */
  readonly nowMs: number;
}

/**
 * Fetches a file and proves it: published sha256, zip structure and CRC-32, member name, every line a kline, every
 * row sound. A file that fails its checksum or does not unpack is asked for again where that can help.
 */
export async function readArchiveFile(
  source: ArchiveSource,
  file: ArchiveFile,
  options: ReadArchiveOptions,
): Promise<ArchiveRows | ArchiveFailure> {
  const attempts = source.kind === "http" ? options.attempts ?? 1 : 1;
  let refetched = 0;
  for (let attempt = 1;; attempt++) {
    let answer: ArchiveAnswer;
    try {
      answer = await source.fetch(file, options);
    } catch (error) {
      if (!isDomainError(error) || error.code === "interrupted" || error.code === "permission-denied") throw error;
      const isChecksum = error.code === "checksum-mismatch";
      if (isChecksum && attempt < attempts) {
        refetched++;
        continue;
      }
      const verdict = isChecksum ? "mismatch" : "missing";
      return failure(source, file, { verdict, bytes: 0, refetched, error, options, unreached: !isChecksum });
    }
    if (!answer.found) {
      return failure(source, file, { verdict: "missing", bytes: 0, refetched, error: undefined, options });
    }
    refetched += answer.retries ?? 0;
    const outcome = proveFile(source, file, answer.bytes, answer.expectedSha256, refetched, options);
    const again = !outcome.ok && attempt < attempts &&
      isDomainError(outcome.error, "checksum-mismatch", "archive-unreadable");
    if (!again) return outcome.ok ? { ...outcome, cached: answer.cached ?? false } : outcome;
    refetched++;
  }
}

/** The checks of {@linkcode readArchiveFile} on bytes at hand. */
export function proveFile(
  source: ArchiveSource,
  file: ArchiveFile,
  bytes: Uint8Array,
  expectedSha256: string | undefined,
  refetched: number,
  options: ReadArchiveOptions,
): ArchiveRows | ArchiveFailure {
  const actualSha256 = createHash("sha256").update(bytes).digest("hex");
  const hashes = { actualSha256, ...(expectedSha256 === undefined ? {} : { expectedSha256 }) };
  const fail = (verdict: FileVerdict, code: ErrorCode, why: string, hint: string, cause?: unknown) =>
    failure(source, file, {
      verdict,
      bytes: bytes.length,
      refetched,
      hashes,
      error: new DomainError(code, `Cannot use '${source.location(file)}' as ${why}`, { hint, cause }),
      options,
    });
  if (expectedSha256 !== undefined && expectedSha256 !== actualSha256) {
    return fail(
      "mismatch",
      "checksum-mismatch",
      `its sha256 is ${actualSha256.slice(0, 12)}… instead of the published ${expectedSha256.slice(0, 12)}…`,
      "Download the file and its .CHECKSUM again",
    );
  }
  try {
    const { columns, timeUnit, hasHeader } = parseKlineCsv(readOnlyMember(bytes, file.name.replace(/\.zip$/, ".csv")));
    const { violations, violationCount, oddCloseTimes } = checkCandles(columns, {
      ...options.rules,
      range: file.range,
    });
    if (violationCount > 0) {
      const shown = violations.map(violationText).join("; ");
      const more = violationCount > violations.length ? `; and ${violationCount - violations.length} more` : "";
      return fail(
        "corrupt",
        "invariant-violated",
        `${violationCount} of its ${columns.length} rows cannot be true: ${shown}${more}`,
        "Nothing of the file was stored; get it again, or compare the rows with the exchange",
      );
    }
    const record: ArchiveFileRecord = {
      location: source.location(file),
      kind: file.kind,
      ...hashes,
      verdict: expectedSha256 === undefined ? "unverified" : "verified",
      bytes: bytes.length,
      rows: columns.length,
      ...(columns.length === 0 ? {} : {
        firstOpenTimeMs: columns.openTimeMs[0]!,
        lastOpenTimeMs: columns.openTimeMs[columns.length - 1]!,
      }),
      ...(timeUnit === undefined ? {} : { timeUnit }),
      hasHeader,
      fetchedAtMs: options.nowMs,
    };
    return {
      ok: true,
      file,
      batch: { source: file.kind, columns, file: record },
      refetched,
      cached: false,
      oddCloseTimes,
    };
  } catch (error) {
    if (error instanceof ZipError) {
      return fail(
        "corrupt",
        "archive-unreadable",
        error.message,
        "Get the file again: it is cut off or damaged",
        error,
      );
    }
    if (error instanceof CsvError) {
      return fail(
        "corrupt",
        "invariant-violated",
        `line ${error.line} of its CSV is no kline: ${error.problem}`,
        "Nothing of the file was stored; it must hold the 12 columns of Binance's kline archives",
        error,
      );
    }
    throw error;
  }
}

interface FailureParts {
  readonly unreached?: boolean;
  readonly verdict: FileVerdict;
  readonly bytes: number;
  readonly refetched: number;
  readonly hashes?: { readonly actualSha256: string; readonly expectedSha256?: string };
  readonly error: DomainError | undefined;
  readonly options: ReadArchiveOptions;
}

function failure(source: ArchiveSource, file: ArchiveFile, parts: FailureParts): ArchiveFailure {
  return {
    ok: false,
    file,
    record: {
      location: source.location(file),
      kind: file.kind,
      ...parts.hashes,
      verdict: parts.verdict,
      bytes: parts.bytes,
      rows: 0,
      fetchedAtMs: parts.options.nowMs,
    },
    refetched: parts.refetched,
    error: parts.error,
    unreached: parts.unreached ?? false,
  };
}
