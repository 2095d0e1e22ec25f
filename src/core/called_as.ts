/** A word in quotes, as `quoted()` writes it: a path or a name, in which nothing is a command. */
const QUOTED = String.raw`'[^']*'(?:\\''[^']*')*`;
const GRANT = String.raw`(?:READ|WRITE|NET|HOST|PORT)=(?:${QUOTED}|\S*[^\s,;.])`;
const TASK = String.raw`(?:\./taskw|\btask)`;
const COMMANDS = "ingest|track|register|api-keys|api|mlflow-ui|import-mlruns|report|monitor|demo|doctor|<command>";
/**
 * A quoted word, a call of a task that needs more than its permission set (`task ingest READ=/data -- --archive-dir /data`),
 * or any other call. An apostrophe within a word quotes nothing.
 */
const CALL = new RegExp(
  String
    .raw`(?<!\w)${QUOTED}|${TASK} ([a-z-]+|NAME)((?: ${GRANT})+)(?: --(?= |$))?|${TASK} (${COMMANDS})(?: --(?= |$))?`,
  "g",
);

/**
 * Text that names commands as the user of this program calls them. Texts are written for `task`; the compiled binary has
 * no tasks, and what it may do was fixed when it was compiled: there further grants are words of `task build`.
 */
export function calledAs(text: string, standalone: boolean = Deno.build.standalone): string {
  if (!standalone) return text;
  return text.replaceAll(CALL, (found, widened?: string, words?: string, plain?: string) => {
    if (plain !== undefined) return `bitcoin-ml ${plain}`;
    if (widened === undefined) return found;
    const { grants, options } = forBuild(words!);
    return `task build -- ${grants.join(" ")}; then bitcoin-ml ${widened}${options}`;
  });
}

/** The same grants as words of `task build`; an address is also an option of the command. */
function forBuild(words: string): { readonly grants: readonly string[]; readonly options: string } {
  const given = [...words.matchAll(new RegExp(GRANT, "g"))].map(([word]) => word);
  const valueOf = (name: string) => given.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const host = valueOf("HOST"), port = valueOf("PORT");
  const grants = given.filter((word) => !/^(HOST|PORT)=/.test(word));
  if (port === undefined) return { grants, options: "" };
  return {
    grants: [...grants, `NET=${host ?? "127.0.0.1"}:${port}`],
    options: `${host === undefined ? "" : ` --host ${host}`} --port ${port}`,
  };
}
