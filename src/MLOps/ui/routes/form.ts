import { TrackingError } from "../../../core/mod.ts";
import { readLimited } from "../../server/body.ts";

/** More than any note or reason that a store takes. */
const MAX_FORM_BYTES = 262_144;
const TYPE = "application/x-www-form-urlencoded";

/**
 * The fields of a form that one of our own pages sent. Browsers say where a form was; one that was elsewhere, another
 * service of this machine included, is refused, as is a request that does not say: programs have the REST API.
 *
 * @throws {TrackingError} 403 for a form of another origin; 400 for what is no form.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  if (!isOfThisOrigin(request)) {
    throw new TrackingError("PERMISSION_DENIED", "Cannot take the form as it was not sent by a page of this server", {
      hint: "Send it from this server's own page; programs use MLflow's REST API",
    });
  }
  if (request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() !== TYPE) {
    throw new TrackingError("BAD_REQUEST", `Cannot take the form as its type is not '${TYPE}'`);
  }
  return new URLSearchParams(new TextDecoder().decode(await readLimited(request, MAX_FORM_BYTES)));
}

/** A text of a form: browsers send line ends as CR LF. */
export function formText(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? "").replaceAll("\r\n", "\n");
}

function isOfThisOrigin(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  // Browsers leave the line above out where the server is reached by plain HTTP under another name than localhost.
  const origin = request.headers.get("origin");
  if (origin === null || !URL.canParse(origin)) return false;
  return new URL(origin).host === (request.headers.get("host") ?? new URL(request.url).host);
}
