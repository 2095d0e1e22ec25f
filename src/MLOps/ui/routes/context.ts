import type { Context } from "@hono/hono";
import {
  type ArtifactInfo,
  type Clock,
  isDomainError,
  messageAndHint,
  type ModelRegistry,
  type Tracker,
} from "../../../core/mod.ts";
import type { ArtifactAccess, ArtifactRoot } from "../../server/artifact_access.ts";
import type { Html } from "../html.ts";
import { type Page, renderPage } from "../layout.ts";
import type { PromotionAccess } from "./promotion_routes.ts";

/** What the pages read from. */
export interface PageDeps {
  /** Store of experiments and runs. */
  readonly tracker: Tracker;
  /** Store of registered models. */
  readonly registry: ModelRegistry;
  /** Where artifacts are. */
  readonly artifacts: ArtifactAccess;
  /** Says what is long ago. */
  readonly clock: Pick<Clock, "nowMs">;
  /** How pages promote. @default not at all */
  readonly promotion?: PromotionAccess;
  /** Told of failures that are no fault of the reader. @default nothing */
  readonly onFailure?: (error: unknown, request: Request) => void;
}

/** Nothing is loaded from elsewhere and no script runs but ours; a page cannot be framed by another. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A page as an answer. */
export function pageResponse(page: Page): Response {
  return htmlResponse(renderPage(page), page.status);
}

/** A part of a page as an answer, for the script to put in its place. */
export function fragmentResponse(fragment: Html): Response {
  return htmlResponse(fragment);
}

function htmlResponse(markup: Html, status = 200): Response {
  return new Response(String(markup).trim(), {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      // Under no-referrer a form would come with the origin "null", which is refused as another's.
      "referrer-policy": "same-origin",
      "cache-control": "no-store",
    },
  });
}

/** Parameters of a request's address. */
export function parametersOf(context: Context): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

/** The files at a root, or why they cannot be listed: a page shows the rest of what it has all the same. */
export async function listOrReason(
  open: () => ArtifactRoot | Promise<ArtifactRoot>,
): Promise<readonly ArtifactInfo[] | string> {
  try {
    return await (await open()).list();
  } catch (error) {
    if (isDomainError(error)) return messageAndHint(error);
    if (error instanceof Deno.errors.NotCapable) return "The server may not read the folder of these files";
    throw error;
  }
}

/** A text of a filter in quotes; a quote that it holds becomes `_`, which stands for any character. */
export function likePattern(text: string): string {
  return `'%${text.replaceAll("'", "_")}%'`;
}

/** Tokens of the pages passed, as an address has them. */
export function pageTokens(parameters: URLSearchParams): readonly string[] {
  return parameters.getAll("page");
}

/** The last token as an option of a search. */
export function tokenOption(tokens: readonly string[]): { readonly pageToken?: string } {
  const token = tokens.at(-1);
  return token === undefined ? {} : { pageToken: token };
}
