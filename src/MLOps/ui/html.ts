import { html as template, raw } from "@hono/hono/html";

/** Markup: text put into it was escaped, and it is not escaped again. */
export type Html = ReturnType<typeof raw>;
/** What may stand in a template: text and numbers are escaped, nothing is left out, lists are joined. */
export type Child = Html | string | number | undefined | readonly Child[];

/** Builds markup; every value is escaped unless it is markup itself. Attributes must be quoted in the template. */
export function html(strings: TemplateStringsArray, ...values: readonly Child[]): Html {
  // Without promises among the values, the template is ready at once.
  return template(strings, ...values) as Html;
}

/** An attribute where a condition holds, for `checked`, `selected` and the like. */
export function attribute(name: `${string}`, isThere: boolean): Html {
  return raw(isThere ? ` ${name}` : "");
}

/** Nothing. */
export const EMPTY: Html = raw("");

/** Markup written in this program; never for anything that came from outside. */
export function trusted(markup: string): Html {
  return raw(markup);
}
