/** A directory that is removed with its content when the scope ends. */
export interface TmpDir extends AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
}

/** Makes a temporary directory: `await using tmp = await withTmpDir()`. */
export async function withTmpDir(): Promise<TmpDir> {
  const path = await Deno.makeTempDir({ prefix: "bitcoin-ml-" });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
