/** Every kind of page is held against the rules of axe: WCAG 2.2 A and AA, and its best practices. */
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { browserTest } from "./chromium.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();

/** Violations as `rule: element`, with what axe says of each. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source); // not by a script element, which the pages' policy forbids
  return await page.evaluate(`axe.run({ iframes: false }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
      id + ": " + html.slice(0, 160) + "\\n" + failureSummary)))`) as string[];
}

const LOOKS = [
  { name: "light", options: { colorScheme: "light" } },
  { name: "dark", options: { colorScheme: "dark" } },
  { name: "on a phone", options: { colorScheme: "light", viewport: { width: 390, height: 844 } } },
  { name: "dark on a phone", options: { colorScheme: "dark", viewport: { width: 390, height: 844 } } },
] as const;

for (const { name, options } of LOOKS) {
  browserTest(`axe finds nothing on any page, ${name}`, () =>
    withPage(async (page) => {
      for (const path of [...site.paths(), "/nowhere", "/compare", "/?q=nothing"]) {
        await page.goto(site.origin + path);
        assertEquals(await violations(page), [], path);
        // What is folded is looked at as well.
        await page.evaluate(`for (const part of document.querySelectorAll("details")) part.open = true`);
        assertEquals(await violations(page), [], `${path}, unfolded`);
      }
      await page.goto(`${site.origin}/models/bitcoin-model/versions/4`);
      await page.getByLabel("Your name").fill("ada");
      await page.getByLabel("Reason").fill("a try");
      await page.getByRole("button", { name: "Promote to @production" }).click();
      await page.getByRole("heading", { name: "was not promoted" }).waitFor();
      assertEquals(await violations(page), [], "the gate's refusal");
    }, options));
}
