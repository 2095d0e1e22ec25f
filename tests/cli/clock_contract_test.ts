import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { testClock } from "../contracts/clock_contract.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";

const START_MS = Date.UTC(2024, 0, 1);

testClock("SYSTEM_CLOCK", () => ({
  clock: SYSTEM_CLOCK,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

testClock("ManualClock", () => {
  const clock = new ManualClock(START_MS);
  return { clock, pass: (ms) => clock.advance(ms) };
});

testClock("SimulatedClock", () => {
  const clock = new SimulatedClock(START_MS);
  return {
    clock,
    pass: async (ms) => {
      await clock.run(clock.sleep(ms));
    },
  };
});
