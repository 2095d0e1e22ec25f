/** The program as a user runs it, under a command's own permission set, in a working directory of the test's own. */

/** The repository. */
export const ROOT = Deno.cwd();

/** Lists of each command's set that name folders, for a working directory of the test's own. */
const GRANTS: Readonly<Record<string, readonly string[]>> = {
  ingest: [
    `--allow-read=.env,config,feature_store,reports,${ROOT}/feature_store/sample,${ROOT}/src,${ROOT}/node_modules`,
    "--allow-write=feature_store,reports",
    `--allow-ffi=${ROOT}/node_modules`,
  ],
  track: [
    `--allow-read=.env,config,feature_store,mlruns,reports,${ROOT}/src,${ROOT}/node_modules,${ROOT}/.git,${ROOT}/deno.lock`,
    "--allow-write=feature_store,mlruns,reports",
    `--allow-ffi=${ROOT}/node_modules`,
  ],
  "import-mlruns": ["--allow-read=.env,mlruns", "--allow-write=mlruns"],
  register: [
    `--allow-read=.env,config,feature_store,mlruns,${ROOT}/node_modules`,
    "--allow-write=mlruns",
    `--allow-ffi=${ROOT}/node_modules`,
  ],
};

/** What the program did. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  // deno-lint-ignore no-explicit-any -- whatever the program printed
  readonly json: any;
}

/** A command of the program, not yet started; `extra` are further permission flags. */
export function programCommand(
  folder: string,
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
  extra: readonly string[] = [],
) {
  return new Deno.Command("deno", {
    args: ["run", "-q", "--no-prompt", `--config=${ROOT}/deno.json`, `-P=${name}`, ...GRANTS[name]!, ...extra]
      .concat([`${ROOT}/main.ts`, name, "--quiet", ...args]),
    cwd: folder,
    env,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command of the program to its end. */
export async function runProgram(
  folder: string,
  name: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  extra: readonly string[] = [],
): Promise<Answer> {
  const { code, stdout, stderr } = await programCommand(folder, name, args, env, extra).output();
  const text = new TextDecoder(), out = text.decode(stdout);
  return {
    code,
    stdout: out,
    stderr: text.decode(stderr),
    json: args.includes("--json") ? JSON.parse(out) : undefined,
  };
}
