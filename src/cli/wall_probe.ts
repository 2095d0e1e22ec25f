/** What a probe of one wall saw. */
export interface WallProbe {
  /** What was tried. */
  readonly attempt: string;
  /** Whether it was refused. */
  readonly refused: boolean;
  /** What came back instead, or the refusal's first line. */
  readonly detail: string;
}

/** Asks DuckDB, opened as the store opens it, to do something outside the store; undefined where it may not be loaded. */
export type DuckDbProbe = () => Promise<
  readonly { readonly attempt: string; readonly refused: boolean; readonly detail: string }[]
>;

/** A host that no command may reach; documentation's own block (RFC 5737), so that a hole in the wall meets nobody. */
const FORBIDDEN_HOST = { hostname: "192.0.2.1", port: 443 };
/** A file that every system has and no command may read. */
const FORBIDDEN_FILE = Deno.build.os === "windows" ? "C:\\Windows\\win.ini" : "/etc/passwd";
const FORBIDDEN_VARIABLE = "HOME";

/**
 * Tries one host, file, environment variable, process and library that no command's set has, and what DuckDB's native
 * code could do behind Deno's back. Run under a command's permissions, every attempt must be refused.
 */
export async function probeWalls(probeDuckDb: DuckDbProbe): Promise<WallProbe[]> {
  const attempts: [string, () => unknown][] = [
    [
      `connect to ${FORBIDDEN_HOST.hostname}:${FORBIDDEN_HOST.port}`,
      async () => (await Deno.connect(FORBIDDEN_HOST)).close(),
    ],
    [`read ${FORBIDDEN_FILE}`, () => Deno.readTextFileSync(FORBIDDEN_FILE)],
    ["write ../forbidden-by-the-walls", () => Deno.writeTextFileSync("../forbidden-by-the-walls", "")],
    [`read variable ${FORBIDDEN_VARIABLE}`, () => Deno.env.get(FORBIDDEN_VARIABLE)],
    ["start process /bin/true", () => new Deno.Command("/bin/true").outputSync()],
    ["load library libc.so.6 from outside node_modules", () => loadForeignLibrary()],
  ];
  // DuckDB first: the binary holds a bare FFI grant until its library is loaded, as the commands do, and drops it then.
  const probes = [...await probeDuckDb()];
  for (const [attempt, act] of attempts) probes.push(await tryOne(attempt, act));
  return probes;
}

async function tryOne(attempt: string, act: () => unknown): Promise<WallProbe> {
  try {
    await act();
    return { attempt, refused: false, detail: "it worked" };
  } catch (error) {
    const detail = (error as Error).message.split("\n", 1)[0]!;
    return { attempt, refused: error instanceof Deno.errors.NotCapable, detail };
  }
}

function loadForeignLibrary(): void {
  Deno.dlopen("/usr/lib/libc.so.6", {}).close();
}
