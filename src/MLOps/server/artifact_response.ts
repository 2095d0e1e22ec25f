import type { ArtifactFile } from "./artifact_folder.ts";
import { type ByteRange, readByteRange, sliceStream } from "./byte_range.ts";
import { contentDisposition, plainTypeOf } from "./content_type.ts";

/**
 * A file, or the part that a `Range` asks for, as an answer. Artifacts are written by anyone who may log, so a browser
 * must never run one as a page of this origin: they are downloads, their type is not guessed again, and the sandbox holds
 * where one is opened all the same.
 */
export async function artifactResponse(file: ArtifactFile, request: Request): Promise<Response> {
  const range = readByteRange(request.headers.get("range"), file.size);
  const headers = {
    "content-type": plainTypeOf(file.path),
    "content-disposition": contentDisposition("attachment", file.path),
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "no-cache",
  };
  const isBodyless = request.method === "HEAD" || range === "unsatisfiable";
  if (isBodyless && file.body instanceof ReadableStream) await file.body.cancel();
  if (range === "unsatisfiable") {
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${file.size}` } });
  }
  const { startByte, endByte } = range ?? { startByte: 0, endByte: file.size };
  return new Response(isBodyless ? null : part(file, range), {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      "content-length": String(endByte - startByte),
      ...(range === undefined ? {} : { "content-range": `bytes ${startByte}-${endByte - 1}/${file.size}` }),
    },
  });
}

function part({ body }: ArtifactFile, range: ByteRange | undefined) {
  if (range === undefined) return body;
  return body instanceof ReadableStream ? sliceStream(body, range) : body.subarray(range.startByte, range.endByte);
}
