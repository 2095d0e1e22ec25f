import type { ArtifactFile } from "../server/artifact_folder.ts";

/** The first bytes of a file, at most `limit`; the file is then closed. */
export async function readHead(file: ArtifactFile, limit: number): Promise<Uint8Array> {
  if (file.body instanceof Uint8Array) return file.body.subarray(0, limit);
  const head = new Uint8Array(Math.min(limit, file.size));
  let length = 0;
  for await (const chunk of file.body) {
    const part = chunk.subarray(0, head.length - length);
    head.set(part, length);
    length += part.length;
    if (length === head.length) break; // leaving the loop cancels the stream
  }
  return head.subarray(0, length);
}
