/** Which code this is. */
export interface BuildInfo {
  /** Git commit, 40 hex digits, or undefined outside a checkout. */
  readonly commit: string | undefined;
  /** sha256 of `deno.lock`, or undefined where it cannot be read. */
  readonly lockSha256: string | undefined;
}

/** Path of the facts that `task build` puts into the binary. */
export const BUILD_INFO_PATH = "dist/build_info.json";

/**
 * The commit and lock file behind the running program: compiled in, or read from the checkout that holds this file
 * (no process is started for it).
 */
export async function buildInfo(): Promise<BuildInfo> {
  const root = new URL("../../", import.meta.url);
  if (Deno.build.standalone) return JSON.parse(await Deno.readTextFile(new URL(BUILD_INFO_PATH, root))) as BuildInfo;
  return { commit: await readCommit(root), lockSha256: await hashFile(new URL("deno.lock", root)) };
}

/** Commit that `.git` under `root` has checked out; undefined where there is none. */
export async function readCommit(root: URL): Promise<string | undefined> {
  const head = (await readText(new URL(".git/HEAD", root)))?.trim();
  if (head === undefined) return undefined;
  const reference = /^ref: (.+)$/.exec(head)?.[1];
  if (reference === undefined) return head;
  const loose = (await readText(new URL(`.git/${reference}`, root)))?.trim();
  if (loose !== undefined) return loose;
  const packed = await readText(new URL(".git/packed-refs", root));
  return packed?.split("\n").find((line) => line.endsWith(` ${reference}`))?.split(" ", 1)[0];
}

async function readText(url: URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(url);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.NotCapable
    ) return undefined;
    throw error;
  }
}

async function hashFile(url: URL): Promise<string | undefined> {
  const text = await readText(url);
  if (text === undefined) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
