import { assertEquals, assertRejects } from "@std/assert";
import { sideBySide } from "../../src/ml/side_by_side.ts";

/** Waits for a macrotask, then for the signal where there is one. */
const untilStopped = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

Deno.test("sideBySide() ends once all parts have, and all of none", async () => {
  const ended: number[] = [];
  const after = (turns: number) => async () => {
    for (let i = 0; i < turns; i++) await Promise.resolve();
    ended.push(turns);
  };
  await sideBySide([after(5), after(1), after(3)]);
  assertEquals(ended, [1, 3, 5]);
  await sideBySide([]);
});

Deno.test("sideBySide() stops the others where one fails, waits for them, and throws what failed first", async () => {
  let stoppedWith: unknown, hasEnded = false;
  const own = new Error("the first"), later = new Error("of the one that was stopped");
  const error = await assertRejects(() =>
    sideBySide([
      async (signal) => {
        await untilStopped(signal).catch((reason) => stoppedWith = reason);
        await new Promise((resolve) => setTimeout(resolve, 5));
        hasEnded = true;
        throw later;
      },
      () => Promise.reject(own),
    ])
  );
  assertEquals([error, stoppedWith, hasEnded], [own, own, true]);
});

Deno.test("sideBySide() throws the signal's reason where it was aborted, also before it began", async () => {
  const stop = new AbortController(), reason = new Error("Ctrl-C");
  const running = sideBySide([untilStopped, untilStopped], stop.signal);
  stop.abort(reason);
  assertEquals(await assertRejects(() => running), reason);
  const seen: boolean[] = [];
  const late = sideBySide([(signal) => Promise.resolve(void seen.push(signal.aborted))], stop.signal);
  assertEquals([await assertRejects(() => late), seen], [reason, [true]]);
});
