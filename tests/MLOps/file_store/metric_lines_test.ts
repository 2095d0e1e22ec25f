import { assertEquals, assertThrows } from "@std/assert";
import { parseMetricLine, parseModelMetricLine } from "../../../src/MLOps/file_store/metric_lines.ts";

Deno.test("parseMetricLine() reads lines of two, three and five fields, and keeps the step of the last", {
  permissions: "none",
}, () => {
  const timestamp = 1_700_000_000_000;
  assertEquals(parseMetricLine(`${timestamp} 0.5`), { timestamp, value: 0.5, step: 0 });
  assertEquals(parseMetricLine(`${timestamp} 1e-20 -3\r`), { timestamp, value: 1e-20, step: -3 });
  assertEquals(parseMetricLine(`${timestamp} 1 7 toy 12e45678`), { timestamp, value: 1, step: 7 });
  assertEquals(parseMetricLine(`${timestamp} 1 7 a name with blanks 12e45678`), { timestamp, value: 1, step: 7 });
});

Deno.test("parseMetricLine() reads every value that Python writes, and no digit less", { permissions: "none" }, () => {
  const value = (text: string) => parseMetricLine(`1 ${text} 0`).value;
  assertEquals(
    ["nan", "inf", "-inf", "1e+22", "5e-324", "0.1", "-0.0", "1.7976931348623157e+308"].map(value),
    [NaN, Infinity, -Infinity, 1e22, 5e-324, 0.1, -0, Number.MAX_VALUE],
  );
  assertEquals(parseMetricLine("1700000000000000001 1 9007199254740993"), {
    timestamp: 1_700_000_000_000_000_001n,
    value: 1,
    step: 9_007_199_254_740_993n,
  });
});

Deno.test("parseMetricLine() says what is wrong with a line", { permissions: "none" }, () => {
  const refused = {
    "": "1 field",
    "1700000000000": "1 field",
    "1 2 3 4": "4 fields",
    "1.5 2 3": "time '1.5'",
    "1 two 3": "value 'two'",
    "1 0x10 3": "value '0x10'",
    "1 2 3.0": "step '3.0'",
    "1  2": "value ''",
    "9223372036854775808 1 0": "no integer of 64 bits",
  };
  for (const [line, why] of Object.entries(refused)) {
    assertThrows(() => parseMetricLine(line), SyntaxError, why);
  }
});

Deno.test("parseModelMetricLine() reads lines of four and six fields", { permissions: "none" }, () => {
  assertEquals(parseModelMetricLine("1 0.5 2 abc"), { timestamp: 1, value: 0.5, step: 2, runId: "abc" });
  const long = { timestamp: 1, value: 0.5, step: 2, runId: "abc", datasetName: "toy set", datasetDigest: "77e1" };
  assertEquals(parseModelMetricLine("1 0.5 2 abc toy set 77e1"), long);
  for (const line of ["1 0.5 2", "1 0.5 2 abc toy"]) {
    assertThrows(() => parseModelMetricLine(line), SyntaxError, "4 or 6");
  }
});
