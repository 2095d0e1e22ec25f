import { DomainError } from "../core/mod.ts";
import { lockAttempt } from "../feature_store/files/lock_attempt.ts";

/** A free lock is there at once, but for runtimes that only know the lock that waits. */
const TRIES = 10, TRY_EVERY_MS = 20;

/** A guard between processes: `flock` on a file of its own, which the kernel drops with the process. */
export class FileLock implements AsyncDisposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock; its file is made in a folder that is there. @throws {DomainError} `store-busy` with these words. */
  static async acquire(path: string, busy: { readonly message: string; readonly hint: string }): Promise<FileLock> {
    const file = await Deno.open(path, { create: true, write: true });
    const tryLock = lockAttempt(file, true);
    for (let tries = 0; tries < TRIES; tries++) {
      if (await tryLock()) return new FileLock(file);
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
    file.close();
    throw new DomainError("store-busy", busy.message, { hint: busy.hint });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}
