import { DomainError, toIso } from "../core/mod.ts";

/** The folder name of a report written at `nowMs`: `2026-11-26T07-30-00Z`, which every file system takes. */
export function reportFolderName(nowMs: number): string {
  return toIso(Math.floor(nowMs / 1000) * 1000).replaceAll(":", "-");
}

/**
 * Writes the files of a report into `<outDir>/<kind>/<UTC timestamp>/`, or the same with `-2`, `-3`, … where that
 * folder is taken: nothing is ever overwritten. The files are written in a folder beside it, which is then renamed, so
 * a folder with a report's name is always whole.
 *
 * @returns paths as `outDir` was given, in the order of `files`.
 * @throws {DomainError} `input-invalid` where `outDir` or a part of it is a file.
 */
export async function writeReportFiles(
  target: { readonly outDir: string; readonly kind: string; readonly nowMs: number },
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<string[]> {
  const parent = `${target.outDir.replace(/\/+$/, "") || "/"}/${target.kind}`.replace("//", "/");
  try {
    await Deno.mkdir(parent, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory)) throw error;
    throw new DomainError("input-invalid", `Cannot write a report into '${parent}' as it is not a directory`, {
      hint: "Name a directory with --out DIR",
      cause: error,
    });
  }
  const name = reportFolderName(target.nowMs);
  const draft = `${parent}/.${name}-${crypto.randomUUID().slice(0, 8)}`;
  try {
    await Deno.mkdir(draft);
    for (const [file, content] of files) {
      if (typeof content === "string") await Deno.writeTextFile(`${draft}/${file}`, content);
      else await Deno.writeFile(`${draft}/${file}`, content);
    }
    const folder = await claimFolder(draft, parent, name);
    return Array.from(files.keys(), (file) => `${folder}/${file}`);
  } catch (error) {
    await Deno.remove(draft, { recursive: true }).catch(() => {}); // the first error is the one to see
    throw error;
  }
}

async function claimFolder(draft: string, parent: string, name: string): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const folder = `${parent}/${attempt === 1 ? name : `${name}-${attempt}`}`;
    if (await exists(folder)) continue;
    try {
      await Deno.rename(draft, folder);
      return folder;
    } catch (error) {
      // Another process took the name meanwhile: a folder with files is never replaced by a rename.
      if (!await exists(folder)) throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
