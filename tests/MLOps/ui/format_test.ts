import { assertEquals } from "@std/assert";
import {
  formatAgo,
  formatAligned,
  formatBytes,
  formatChange,
  formatDuration,
  formatInstant,
  formatNumber,
  formatTick,
} from "../../../src/MLOps/ui/format.ts";

Deno.test("formatNumber() keeps six significant digits and writes the rest as people do", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "0"],
    [1, "1"],
    [123456789, "123,456,789"],
    [0.6931471805, "0.693147"],
    [-0.5, "−0.5"],
    [1e-7, "1e−7"],
    [1.2345678e12, "1.235e12"],
    [NaN, "NaN"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
    [Number.MAX_VALUE, "∞"],
  ];
  for (const [value, text] of cases) assertEquals(formatNumber(value), text);
});

Deno.test("formatAligned() gives values under each other the same decimals", () => {
  assertEquals(formatAligned([0.6931, 0.7, undefined, 0.69]), ["0.69310", "0.70000", undefined, "0.69000"]);
  assertEquals(formatAligned([9.346, 10.25]), ["9.346", "10.250"]);
  assertEquals(formatAligned([1, 20, 300]), ["1", "20", "300"]);
  assertEquals(formatAligned([0.5, 1e-9]), ["0.50000", "1e−9"]);
  assertEquals(formatAligned([0.5, NaN, -Infinity]), ["0.50000", "NaN", "−∞"]);
  assertEquals(formatAligned([]), []);
});

Deno.test("formatChange() signs a difference", () => {
  assertEquals([formatChange(0.00123456), formatChange(-2)], ["+0.00123", "−2"]);
});

Deno.test("formatTick() tells neighbouring ticks apart", () => {
  assertEquals([0.69, 0.7, 0.71].map((tick) => formatTick(tick, 0.01)), ["0.69", "0.70", "0.71"]);
  assertEquals([0, 50_000, 2_500_000].map((tick) => formatTick(tick, 50_000)), ["0", "50k", "2.5M"]);
});

Deno.test("formatDuration() shows the two largest units", () => {
  const cases: [number, string][] = [
    [5, "5 ms"],
    [1_500, "1.5 s"],
    [65_000, "1 min 5 s"],
    [3_600_000, "1 h"],
    [90_000_000, "1 d 1 h"],
    [-1, "–"],
    [NaN, "–"],
  ];
  for (const [ms, text] of cases) assertEquals(formatDuration(ms), text);
});

Deno.test("formatAgo() counts back in one unit", () => {
  const now = Date.UTC(2026, 0, 31);
  const cases: [number, string][] = [
    [10_000, "just now"],
    [5 * 60_000, "5 min ago"],
    [3 * 3_600_000, "3 h ago"],
    [30 * 3_600_000, "yesterday"],
    [10 * 86_400_000, "10 days ago"],
    [100 * 86_400_000, "3 months ago"],
    [-1, "in the future"],
  ];
  for (const [age, text] of cases) assertEquals(formatAgo(now - age, now), text);
});

Deno.test("formatBytes() and formatInstant() write sizes and times", () => {
  assertEquals([0, 999, 1_500, 2_340_000].map(formatBytes), ["0 B", "999 B", "1.5 kB", "2.34 MB"]);
  assertEquals(formatInstant(Date.UTC(2026, 10, 26, 7, 34, 17)), "2026-11-26 07:34:17");
  assertEquals(formatInstant(9e15), "–");
});
