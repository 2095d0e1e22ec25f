import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { readOnlyMember, ZipError } from "../../src/data_ingestion_service/archive/zip_member.ts";
import { zipOf } from "../fakes/archive_files.ts";

const TEXT = "1704844800000,1.5,2,1,1.7,10\n".repeat(200);
const ZIP = zipOf("a.csv", TEXT);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test({
  name: "readOnlyMember() unpacks deflated and stored members, also before a comment",
  permissions: "none",
  fn() {
    assertEquals(text(readOnlyMember(ZIP, "a.csv")), TEXT);
    assertEquals(text(readOnlyMember(zipSync({ "a.csv": [strToU8(TEXT), { level: 0 }] }), "a.csv")), TEXT);
    const commented = new Uint8Array(ZIP.length + 5);
    commented.set(ZIP);
    commented.set(strToU8("hello"), ZIP.length);
    commented[ZIP.length - 2] = 5;
    assertEquals(text(readOnlyMember(commented, "a.csv")), TEXT);
    assertEquals(readOnlyMember(zipOf("a.csv", ""), "a.csv").length, 0);
  },
});

Deno.test({
  name: "readOnlyMember() reads a zip of Binance's as another unzipper does",
  async fn() {
    const name = "BTCUSDT-1m-2023-03-24";
    const zip = await Deno.readFile(`feature_store/sample/spot/daily/klines/BTCUSDT/1m/${name}.zip`);
    const { unzipSync } = await import("fflate");
    assertEquals(readOnlyMember(zip, `${name}.csv`), unzipSync(zip)[`${name}.csv`]);
  },
});

Deno.test({
  name: "readOnlyMember() says what is wrong",
  permissions: "none",
  fn() {
    const flipped = ZIP.slice();
    flipped[40]! ^= 0xff; // inside the packed member
    const wrong: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(), "no end record (0 bytes)"],
      [ZIP.subarray(0, ZIP.length - 1), "cut off or no zip"],
      [ZIP.subarray(0, 100), "cut off or no zip"],
      [strToU8("<html>404</html>".repeat(20)), "cut off or no zip"],
      [zipOf("b.csv", TEXT), "its member is 'b.csv' instead of 'a.csv'"],
      [zipSync({ "a.csv": strToU8("1"), "b.csv": strToU8("2") }), "holds 2 members"],
      [flipped, "its"],
    ];
    for (const [bytes, problem] of wrong) assertThrows(() => readOnlyMember(bytes, "a.csv"), ZipError, problem);
  },
});

Deno.test({
  name: "readOnlyMember() never gives other bytes than those packed, whatever is damaged",
  permissions: "none",
  fn() {
    const damage = fc.array(fc.tuple(fc.nat({ max: ZIP.length - 1 }), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, fc.nat({ max: ZIP.length }), fc.boolean(), (list, end, cut) => {
        const bytes = ZIP.slice(0, cut ? end : ZIP.length);
        for (const [at, mask] of list) if (at < bytes.length) bytes[at]! ^= mask;
        try {
          assertEquals(text(readOnlyMember(bytes, "a.csv")), TEXT);
        } catch (error) {
          assert(error instanceof ZipError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  },
});
