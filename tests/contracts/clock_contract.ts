import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Clock, DomainError } from "../../src/core/mod.ts";

/** A clock with a way to let its time pass. */
export interface ClockUnderTest {
  readonly clock: Clock;
  /** Resolves once `ms` have passed on the clock. */
  pass(ms: number): Promise<void>;
}

/** What every {@linkcode Clock} promises; the fakes must not wake early or late in ways that the machine's would not. */
export function testClock(name: string, open: () => ClockUnderTest): void {
  Deno.test(`${name}.sleep() wakes after its time, the shorter one first`, async () => {
    const { clock, pass } = open();
    const woken: string[] = [];
    const sleeps = [clock.sleep(60).then(() => woken.push("long")), clock.sleep(20).then(() => woken.push("short"))];
    assertEquals(woken, []);
    await pass(30);
    assertEquals(woken, ["short"]);
    await pass(60);
    await Promise.all(sleeps);
    assertEquals(woken, ["short", "long"]);
  });

  Deno.test(`${name} moves both clocks on by what passed`, async () => {
    const { clock, pass } = open();
    const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    await pass(25);
    assert(clock.monotonicMs() - monotonicMs >= 24, "the monotonic clock stood still");
    assert(clock.nowMs() - nowMs >= 20, "the wall clock stood still");
  });

  Deno.test(`${name}.sleep() ends with the signal's reason, before and during`, async () => {
    const { clock, pass } = open();
    const reason = new DomainError("interrupted", "Stopped by a test");
    const early = await assertRejects(() => clock.sleep(1000, { signal: AbortSignal.abort(reason) }), DomainError);
    assertEquals(early, reason);
    const controller = new AbortController();
    const asleep = clock.sleep(1000, { signal: controller.signal });
    controller.abort(reason);
    assertEquals(await assertRejects(() => asleep, DomainError), reason);
    await pass(1);
  });
}
