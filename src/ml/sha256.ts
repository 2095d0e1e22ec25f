import { createHash } from "node:crypto";

/** Lower-case hex of the sha256 of bytes or of UTF-8 text. */
export function sha256Of(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
