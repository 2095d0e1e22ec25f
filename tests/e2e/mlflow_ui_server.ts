/** `mlflow-ui` as a process of its own, for tests. */
export interface MlflowUi extends AsyncDisposable {
  /** Address that it announced. */
  readonly url: string;
  /** Id of its process. */
  readonly pid: number;
  /** The line that it announced. */
  readonly announced: string;
  /** Asks it to stop and tells how it ended. */
  stop(signal: Deno.Signal): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** How {@linkcode startMlflowUi} starts it. */
export interface MlflowUiOptions {
  /** Folder of the store, which is made there. */
  readonly folder: string;
  /** Further arguments. */
  readonly args?: readonly string[];
  /** Further permission flags; one replaces another of its kind. */
  readonly flags?: readonly string[];
}

/** Arguments of `deno` for the command under its own set, with a store in `folder` and any loopback port. */
export function mlflowUiArgs(folder: string, args: readonly string[] = [], flags: readonly string[] = []): string[] {
  return [
    "run",
    "-q",
    "--no-prompt",
    "-P=mlflow-ui",
    "--allow-net=127.0.0.1",
    ...(flags.some((flag) => flag.startsWith("--allow-read=")) ? [] : [`--allow-read=.env,${folder}`]),
    ...flags,
    `--allow-write=${folder}`,
    "main.ts",
    "mlflow-ui",
    "--backend-store-uri",
    `sqlite:///${folder}/mlflow.db`,
    ...args,
  ];
}

/** Starts the command on a free port and waits for its address. @throws with its output where it ends before that */
export async function startMlflowUi({ folder, args = [], flags = [] }: MlflowUiOptions): Promise<MlflowUi> {
  const child = new Deno.Command("deno", {
    args: mlflowUiArgs(folder, ["--port", "0", ...args], flags),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stdout = "", stderr = "";
  const ready = Promise.withResolvers<string>();
  const pumps = Promise.all([
    (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        stdout += text;
        if (stdout.includes("\n")) ready.resolve(stdout.slice(0, stdout.indexOf("\n")));
      }
    })(),
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) stderr += text;
    })(),
  ]);
  child.status.then(({ code }) => ready.reject(new Error(`mlflow-ui ended with ${code}:\n${stdout}${stderr}`)));
  const announced = await ready.promise;
  const stop: MlflowUi["stop"] = async (signal) => {
    try {
      child.kill(signal);
    } catch {
      // it has already ended
    }
    const { code } = await child.status;
    await pumps;
    return { code, stdout, stderr };
  };
  return {
    url: /https?:\/\/[^\s"]+/.exec(announced)![0],
    pid: child.pid,
    announced,
    stop,
    async [Symbol.asyncDispose]() {
      await stop("SIGTERM");
    },
  };
}
