/** A function that takes the file's lock if it is free at the moment, and may be called again if it was not. */
export function lockAttempt(file: Deno.FsFile, exclusive: boolean): () => Promise<boolean> {
  if (typeof file.tryLock === "function") return () => file.tryLock(exclusive);
  // Runtimes before 2.9 only have the lock that waits: it is asked once and looked at. A holder who gives up closes the
  // file, and the kernel drops a lock that arrives later.
  let held = false;
  const arriving = file.lock(exclusive).then(() => held = true);
  return async () => {
    await Promise.race([arriving, new Promise((resolve) => setTimeout(resolve, 1))]);
    return held;
  };
}
