import { canonicalJson } from "./canonical_json.ts";
import { sha256Of } from "./sha256.ts";

/** sha256 over a value's canonical JSON, typed arrays by their bytes: equal where the values are equal to the bit. */
export function contentDigest(value: unknown): string {
  return sha256Of(canonicalJson(withoutArrays(value)));
}

function withoutArrays(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    return sha256Of(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (Array.isArray(value)) return value.map(withoutArrays);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutArrays(member)]));
}
