// TypeScript's library does not know yet what ECMAScript 2025 added to JSON.
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/**
 * Parses JSON and keeps apart what Python keeps apart: a whole number written as `9.0` is a float there and shown as one
 * in messages. Costs several times `JSON.parse`, so only a request that is refused is read so.
 *
 * @throws {SyntaxError} where the text is no JSON.
 */
export function parseAsWritten(text: string): unknown {
  return parse(text, (_key, value, { source = "" }) => {
    if (typeof value !== "number" || !/[.e]/i.test(source) || !Number.isInteger(value)) return value;
    return rawJSON(Math.abs(value) < 1e16 ? `${value}.0` : value.toExponential());
  });
}

/** Whether a value of {@linkcode parseAsWritten} is a whole number that was written as a float. */
export function isWrittenFloat(value: unknown): boolean {
  return isRawJSON(value);
}
