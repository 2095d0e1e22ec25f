import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { type DuckDbSession, outOfMemory } from "../duckdb_session.ts";

type Result = Awaited<ReturnType<DuckDBConnection["stream"]>>;

/**
 * The chunks of a streamed result, which must be of `rows` rows or more: where its memory does not suffice, DuckDB ends
 * a stream as if it were done.
 *
 * @throws {DomainError} `config-invalid` where rows are missing at the end.
 */
export async function* chunksOf(session: DuckDbSession, result: Result, rows: number): AsyncGenerator<DuckDBDataChunk> {
  let seen = 0;
  for (;;) {
    const chunk = await session.guard(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) break;
    seen += chunk.rowCount;
    yield chunk;
  }
  if (seen >= rows) return;
  throw outOfMemory(`DuckDB gave ${seen} of ${rows} rows, which it does where memory runs out`);
}
