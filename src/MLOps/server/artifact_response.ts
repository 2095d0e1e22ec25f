import type { ArtifactFile } from "./artifact_folder.ts";
import { contentDisposition, contentTypeOf } from "./content_type.ts";

/**
 * A file as an answer. Artifacts are written by anyone who may log, so a browser must never run one as a page of this
 * origin: they are downloads, their type is not guessed again, and the sandbox holds where one is opened all the same.
 */
export async function artifactResponse(file: ArtifactFile, request: Request): Promise<Response> {
  if (request.method === "HEAD" && file.body instanceof ReadableStream) await file.body.cancel();
  return new Response(request.method === "HEAD" ? null : file.body, {
    headers: {
      "content-type": contentTypeOf(file.path),
      "content-length": String(file.size),
      "content-disposition": contentDisposition("attachment", file.path),
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
      "cache-control": "no-cache",
    },
  });
}
