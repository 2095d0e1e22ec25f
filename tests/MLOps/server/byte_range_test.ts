import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readByteRange, sliceStream } from "../../../src/MLOps/server/byte_range.ts";
import { overStores } from "./test_app.ts";

Deno.test("readByteRange() reads what RFC 9110 allows, and takes the rest for the whole", () => {
  const cases: readonly (readonly [string | null, unknown])[] = [
    [null, undefined],
    ["bytes=0-1", [0, 2]],
    ["bytes=2-", [2, 10]],
    ["bytes=-3", [7, 10]],
    ["bytes=-99", [0, 10]],
    ["bytes=5-99", [5, 10]],
    ["bytes=9-9", [9, 10]],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=99-100", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=3-2", undefined],
    ["bytes=-", undefined],
    ["bytes=a-b", undefined],
    ["bytes=0-1,4-5", undefined],
    ["items=0-1", undefined],
  ];
  for (const [header, wanted] of cases) {
    const range = readByteRange(header, 10);
    assertEquals(typeof range === "object" ? [range.startByte, range.endByte] : range, wanted, String(header));
  }
  assertEquals(readByteRange("bytes=0-", 0), "unsatisfiable");
});

Deno.test("sliceStream() gives the same bytes however they come, and reads no further", async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 8 });
  await fc.assert(fc.asyncProperty(chunks, fc.nat(), fc.nat(), async (parts, a, b) => {
    const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
    const [startByte, endByte] = [a % whole.length, b % whole.length + 1].toSorted((x, y) => x - y) as [number, number];
    if (startByte === endByte) return;
    let cancelled = false;
    const queue = parts.map((part) => new Uint8Array(part));
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => queue.length > 0 ? controller.enqueue(queue.shift()!) : controller.close(),
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
    const bytes = new Uint8Array(await new Response(sliceStream(stream, { startByte, endByte })).arrayBuffer());
    assertEquals(bytes, whole.slice(startByte, endByte));
    assertEquals(cancelled || queue.length === 0, true);
  }));
});

overStores("sends parts of artifacts", async (app) => {
  const url = "http://127.0.0.1:5000/api/2.0/mlflow-artifacts/artifacts/d/a.txt";
  await (await app.app.request(url, { method: "PUT", body: "0123456789" })).body?.cancel();
  const get = async (range: string, method = "GET") => {
    const response = await app.app.request(url, { method, headers: { range } });
    return [response.status, await response.text(), response.headers.get("content-range")];
  };
  assertEquals(await get("bytes=2-4"), [206, "234", "bytes 2-4/10"]);
  assertEquals(await get("bytes=-2"), [206, "89", "bytes 8-9/10"]);
  assertEquals(await get("bytes=99-"), [416, "", "bytes */10"]);
  assertEquals(await get("bytes=nonsense"), [200, "0123456789", null]);
  assertEquals(await get("bytes=2-4", "HEAD"), [206, "", "bytes 2-4/10"]);
});
