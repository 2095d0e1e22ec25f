/** A part of a file, `endByte` exclusive. */
export interface ByteRange {
  /** First byte. */
  readonly startByte: number;
  /** Byte after the last. */
  readonly endByte: number;
}

/**
 * What a `Range` header asks of a file of `size` bytes (RFC 9110, section 14): undefined for the whole file, also where
 * the header is malformed or asks for several parts, which a server may answer so; `"unsatisfiable"` for a part that
 * the file does not have.
 */
export function readByteRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  const first = match[1] === "" ? undefined : Number(match[1]), last = match[2] === "" ? undefined : Number(match[2]);
  if (first === undefined) {
    return last === 0 || size === 0 ? "unsatisfiable" : { startByte: Math.max(0, size - last!), endByte: size };
  }
  if (last !== undefined && last < first) return undefined;
  if (first >= size) return "unsatisfiable";
  return { startByte: first, endByte: Math.min(size, (last ?? size - 1) + 1) };
}

/** The bytes of a part of a stream; what comes after it is not read. */
export function sliceStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { startByte, endByte }: ByteRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  async function* part() {
    let at = 0;
    for await (const chunk of body) {
      const from = Math.max(0, startByte - at), to = Math.min(chunk.length, endByte - at);
      at += chunk.length;
      if (to > from) yield chunk.subarray(from, to);
      if (at >= endByte) return; // which cancels the stream and closes its file
    }
  }
  return ReadableStream.from(part());
}
