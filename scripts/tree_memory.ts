/** Resident memory in kB of a process and all that it has started, from lines of `ps -e -o pid=,ppid=,rss=`. */
export function treeRssKb(lines: string, root: number): number {
  const rows = lines.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const tree = new Set([root]);
  for (let size = 0; size < tree.size;) { // parents need not stand before their children
    size = tree.size;
    for (const [pid, parent] of rows) if (tree.has(parent!)) tree.add(pid!);
  }
  return rows.reduce((sum, [pid, , rss]) => tree.has(pid!) ? sum + rss! : sum, 0);
}

/** Looks at the memory of a process and all that it has started, until disposed. */
export class TreeMemory implements AsyncDisposable {
  #peakKb = 0;
  #looking: Promise<void> = Promise.resolve();
  readonly #timer: ReturnType<typeof setInterval>;

  /** Looks every so many milliseconds: what is shorter is missed, as the kernel's own high-water mark is closed to Deno. */
  constructor(pid: number, { everyMs = 100 }: { readonly everyMs?: number } = {}) {
    let busy = false;
    this.#timer = setInterval(() => {
      if (busy) return;
      busy = true;
      this.#looking = this.#look(pid).finally(() => busy = false);
    }, everyMs);
  }

  /** The largest that was seen, megabytes; undefined where the system does not tell. */
  get peakMb(): number | undefined {
    return this.#peakKb === 0 ? undefined : this.#peakKb / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(pid: number): Promise<void> {
    const ps = new Deno.Command("ps", { args: ["-e", "-o", "pid=,ppid=,rss="], stdout: "piped", stderr: "null" });
    const { stdout } = await ps.output();
    this.#peakKb = Math.max(this.#peakKb, treeRssKb(new TextDecoder().decode(stdout), pid));
  }
}
