import { assert, assertEquals, assertRejects } from "@std/assert";
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

Deno.test("sideBySide() stops the others where one fails, waits for them, and throws what failed", async () => {
  let stoppedWith: unknown = null, hasEnded = false;
  const own = new Error("the one that failed");
  const error = await assertRejects(() =>
    sideBySide([
      async (signal) => {
        await untilStopped(signal).catch((reason) => stoppedWith = reason);
        await new Promise((resolve) => setTimeout(resolve, 5));
        hasEnded = true;
        throw stoppedWith;
      },
      () => Promise.reject(own),
    ])
  );
  assertEquals([error, hasEnded], [own, true]);
  assert(
    stoppedWith instanceof DOMException && stoppedWith.name === "AbortError",
    "not the other's error: it is not theirs",
  );
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

Deno.test("sideBySide() throws the first in order of those that failed by themselves, and before Ctrl-C", async () => {
  const failing = (message: string, turns: number) => async () => {
    for (let i = 0; i < turns; i++) await Promise.resolve();
    throw new Error(message);
  };
  const first = await assertRejects(() => sideBySide([failing("a", 9), failing("b", 1), untilStopped]), Error);
  assertEquals(first.message, "a");
  const stop = new AbortController();
  const running = sideBySide([failing("a", 1), async (signal) => {
    await untilStopped(signal).catch(() => {});
    stop.abort(new Error("Ctrl-C"));
    throw new Error("after it");
  }], stop.signal);
  assertEquals((await assertRejects(() => running, Error)).message, "a");
});
