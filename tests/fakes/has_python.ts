/** Whether there is a `python3` with its modules for limits and locks of a process. */
export async function hasPython(): Promise<boolean> {
  const args = ["-c", "import fcntl, resource"];
  try {
    return (await new Deno.Command("python3", { args, stderr: "null" }).output()).success;
  } catch { // an absent program is thrown at once, not by the promise
    return false;
  }
}
