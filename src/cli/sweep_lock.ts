import { FileLock } from "./file_lock.ts";

/** Where sweeps under way hold a file each. */
const FOLDER = "mlruns/sweeps";

/**
 * Guard of a sweep between processes. A sweep whose parent run says RUNNING is thereby told from one whose process was
 * killed.
 */
export class SweepLock implements AsyncDisposable {
  readonly #lock: FileLock;
  readonly #path: string;

  private constructor(lock: FileLock, path: string) {
    this.#lock = lock;
    this.#path = path;
  }

  /** Takes the sweep of a parent run. @throws {DomainError} `store-busy` where another process is at it. */
  static async acquire(parentRunId: string): Promise<SweepLock> {
    await Deno.mkdir(FOLDER, { recursive: true });
    const path = `${FOLDER}/${parentRunId}.lock`;
    const lock = await FileLock.acquire(path, {
      message: `Cannot go on with sweep '${parentRunId}' as another process is at it`,
      hint: "Wait for it, or stop it; a sweep of other settings can run meanwhile",
    });
    return new SweepLock(lock, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path).catch(() => {}); // another process may have taken it up
    await this.#lock[Symbol.asyncDispose]();
    await Deno.remove(FOLDER).catch(() => {}); // others are in it
  }
}
