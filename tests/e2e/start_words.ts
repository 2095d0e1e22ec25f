import { engineStart } from "../../src/cli/engine_flags.ts";

/** Root of the repository, without a slash at its end. */
export const ROOT: string = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Words of `deno` that start a command from any folder as its task does, under these grants. */
export function startWords(command: string, grants: readonly string[], args: readonly string[]): string[] {
  const { flags, entry } = engineStart(command);
  return [
    ...["run", "-q", "--no-prompt", ...flags, `--config=${ROOT}/deno.json`, ...grants],
    ...[`${ROOT}/${entry}`, command, ...args],
  ];
}
