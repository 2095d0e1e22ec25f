import type { Page } from "playwright-core";

/** How much the layout of a page has shifted since it was opened, beside what somebody's own input moved; 0 is still. */
export async function layoutShift(page: Page): Promise<readonly string[]> {
  return await page.evaluate(`new Promise((done) => {
    const shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries()) {
        if (hadRecentInput) continue;
        const moved = sources.map(({ node }) => node === null ? "gone" : (node.outerHTML ?? node.textContent).slice(0, 80));
        shifts.push(value.toFixed(5) + " " + moved.join(" | "));
      }
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(shifts), 200);
  })`) as string[];
}
