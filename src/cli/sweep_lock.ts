import { DomainError } from "../core/mod.ts";
import { lockAttempt } from "../feature_store/files/lock_attempt.ts";

/** Where sweeps under way hold a file each. */
const FOLDER = "mlruns/sweeps";
/** A free lock is there at once, but for runtimes that only know the lock that waits. */
const TRIES = 10, TRY_EVERY_MS = 20;

/**
 * Guard of a sweep between processes: `flock` on a file of its own, which the kernel drops with the process. A sweep whose
 * parent run says RUNNING is thereby told from one whose process was killed.
 */
export class SweepLock implements AsyncDisposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;

  private constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Takes the sweep of a parent run. @throws {DomainError} `store-busy` where another process is at it. */
  static async acquire(parentRunId: string): Promise<SweepLock> {
    await Deno.mkdir(FOLDER, { recursive: true });
    const path = `${FOLDER}/${parentRunId}.lock`, file = await Deno.open(path, { create: true, write: true });
    const tryLock = lockAttempt(file, true);
    for (let tries = 0; tries < TRIES; tries++) {
      if (await tryLock()) return new SweepLock(file, path);
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
    file.close();
    throw new DomainError("store-busy", `Cannot go on with sweep '${parentRunId}' as another process is at it`, {
      hint: "Wait for it, or stop it; a sweep of other settings can run meanwhile",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path).catch(() => {}); // another process may have taken it up
    this.#file.close();
    await Deno.remove(FOLDER).catch(() => {}); // others are in it
  }
}
