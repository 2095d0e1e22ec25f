import { assertEquals } from "@std/assert";
import { scoreNotes } from "../../src/core/mod.ts";

const pure = { permissions: "none" } as const;
const LEVEL = "QLIKE is of every 15th minute, its gain of all rows, so neither follows from the other";

Deno.test("scoreNotes() tells of which rows QLIKE and its gain are, but where they are the same", pure, () => {
  const metrics = { qlike: 0.46, baseline_har_x_qlike: 0.49, qlike_gain_har_x: 0.02 };
  assertEquals(scoreNotes(metrics, 15), [LEVEL]);
  assertEquals(scoreNotes(metrics, 1), []);
  assertEquals(scoreNotes({ auc: 0.55 }, 15), [], "a run of another program");
});

Deno.test("scoreNotes() names the baselines whose level and gain point opposite ways", pure, () => {
  // Figures of a linear run on candles with gaps.
  const metrics = { qlike: 0.4033, baseline_har_diurnal_qlike: 0.3899, qlike_gain_har_diurnal: 0.009 };
  assertEquals(scoreNotes(metrics, 15), [`${LEVEL}; over har_diurnal they point opposite ways`]);
  assertEquals(scoreNotes({ ...metrics, qlike_gain_har_diurnal: 0.00004 }, 15), [LEVEL], "shown as no gain at all");
});

Deno.test("scoreNotes() tells which baseline is better than the one that the gate goes by", pure, () => {
  const gains = { qlike_gain_har_x: 0.02, qlike_gain_har_diurnal: 0.007, qlike_gain_climatology: 0.5 };
  assertEquals(scoreNotes(gains, 1440), [
    "on all rows har_diurnal is better than har_x by 0.0130 QLIKE; the gate goes by har_x",
  ]);
  assertEquals(scoreNotes({ ...gains, qlike_gain_har_diurnal: 0.021 }, 1440), []);
  assertEquals(scoreNotes({ pinball_gain_har_x: 0.1, pinball_gain_ewma: -0.4 }, 1440), [
    "on all rows ewma is better than har_x by 0.5000 bps of pinball loss; the gate goes by har_x",
  ]);
});
