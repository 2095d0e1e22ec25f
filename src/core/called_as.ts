const GRANT = String.raw`(?:READ|WRITE|NET|HOST|PORT)=(?:'[^']*'|\S*[^\s,;.])`;
/** A call of a task that needs more than its permission set: `task ingest READ=/data -- --archive-dir /data`. */
const WIDENED = new RegExp(String.raw`(?:\./taskw|\btask) ([a-z-]+|NAME)((?: ${GRANT})+)(?: -- ?)?`, "g");
const PLAIN =
  /(?:\.\/taskw|\btask) (ingest|track|register|api-keys|api|mlflow-ui|import-mlruns|report|monitor|demo|doctor|<command>)(?: -- ?)?/g;

/**
 * Text that names commands as the user of this program calls them. Texts are written for `task`; the compiled binary has
 * no tasks, and what it may do was fixed when it was compiled: there further grants are words of `task build`.
 */
export function calledAs(text: string, standalone: boolean = Deno.build.standalone): string {
  if (!standalone) return text;
  return text
    .replaceAll(WIDENED, (_, command: string, words: string) => {
      const { grants, options } = forBuild(words);
      return `task build -- ${grants.join(" ")}; then bitcoin-ml ${command}${options} `;
    })
    .replaceAll(PLAIN, "bitcoin-ml $1 ")
    .replaceAll(/ +(?=$|\n|[,;.)])/g, "");
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
