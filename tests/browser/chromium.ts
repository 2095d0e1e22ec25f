/**
 * Headless Chromium for tests. Without it the tests are skipped with a reason printed once; where CI=true they fail.
 *
 * @module
 */
import fs from "node:fs";
import type { Browser } from "playwright-core";

/** Path of Chromium. */
const PATH = Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium";
const REASON = await whyNot();
if (REASON !== undefined) Deno.stderr.writeSync(new TextEncoder().encode(`skipped: browser tests, as ${REASON}\n`));

async function whyNot(): Promise<string | undefined> {
  try {
    await Deno.stat(PATH);
  } catch {
    return `there is no '${PATH}' (install Chromium, or set CHROMIUM_PATH)`;
  }
  const { state } = await Deno.permissions.query({ name: "run", command: PATH });
  return state === "granted" ? undefined : `this run may not start '${PATH}' (add --allow-run=${PATH})`;
}

/** Whether a browser can be started here. */
export function hasBrowser(): boolean {
  return REASON === undefined;
}

/** Registers a test that needs a browser. */
export function browserTest(name: string, run: () => Promise<void>): void {
  const ignore = REASON !== undefined && Deno.env.get("CI") !== "true";
  // The browser's pipes and timers outlive a test; the suite closes them at its end.
  Deno.test({ name, ignore, fn: run, sanitizeOps: false, sanitizeResources: false });
}

let shared: Promise<Browser> | undefined;

/** The browser, started once for a file of tests. */
export function browser(): Promise<Browser> {
  shared ??= launch();
  return shared;
}

async function launch(): Promise<Browser> {
  // When it is loaded, playwright looks into /proc for traces of WSL, which Deno grants only with --allow-all.
  const { existsSync } = fs;
  fs.existsSync = (path) => String(path).startsWith("/proc/") ? false : existsSync(path);
  try {
    const { chromium } = await import("playwright-core");
    return await chromium.launch({ executablePath: PATH, args: ["--no-sandbox"] });
  } finally {
    fs.existsSync = existsSync;
  }
}

/** Ends the browser, where it was started. */
export async function closeBrowser(): Promise<void> {
  await (await shared)?.close();
  shared = undefined;
}
