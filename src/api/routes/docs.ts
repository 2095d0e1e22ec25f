import { type Handler, urlOf } from "../http/exchange.ts";
import { jsonTextResponse, textResponse } from "../http/respond.ts";
import type { SchemaFeatures } from "../openapi/schemas.ts";
import type { RouteContext } from "./context.ts";

/** `GET /openapi.json`; the generator is loaded on first use and its text kept for the model at hand. */
export function openApiRoute(context: RouteContext): Handler {
  let cached: { readonly digest: string | undefined; readonly text: string } | undefined;
  return async ({ requestId }) => {
    const digest = context.host.current?.digest;
    if (cached === undefined || cached.digest !== digest) {
      const { openApiDocument } = await import("../openapi/document.ts");
      const features = featuresOf(context);
      const document = openApiDocument({
        version: context.programVersion,
        ...(features === undefined ? {} : { features }),
      });
      cached = { digest, text: JSON.stringify(document) };
    }
    return jsonTextResponse(cached.text, requestId);
  };
}

/** `GET /docs`: the same as a page. */
export function docsRoute(context: RouteContext): Handler {
  return async ({ request, requestId }) => {
    const { docsPage, DOCS_POLICY } = await import("../openapi/docs_page.ts");
    const features = featuresOf(context);
    const page = docsPage({
      version: context.programVersion,
      origin: urlOf(request).origin,
      ...(features === undefined ? {} : { features }),
    });
    return textResponse(page, requestId, {
      contentType: "text/html; charset=utf-8",
      headers: { "content-security-policy": DOCS_POLICY, "referrer-policy": "no-referrer", "x-frame-options": "DENY" },
    });
  };
}

function featuresOf(context: RouteContext): SchemaFeatures | undefined {
  const { current } = context.host;
  if (current === undefined) return undefined;
  return {
    names: current.shape.names,
    nullable: Array.from(current.shape.nullable, (flag) => flag === 1),
    maxRows: current.shape.maxRows,
  };
}
