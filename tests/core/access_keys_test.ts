import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { authorizationOf, indexOfDigest } from "../../src/core/mod.ts";

Deno.test("authorizationOf() reads Bearer and Basic, and nothing else", { permissions: "none" }, () => {
  assertEquals(authorizationOf("Bearer abc"), { scheme: "bearer", value: "abc" });
  assertEquals(authorizationOf("bEARER   a.b-c_d="), { scheme: "bearer", value: "a.b-c_d=" });
  assertEquals(authorizationOf("Basic Og=="), { scheme: "basic", value: "Og==" });
  for (const header of [null, undefined, "", "Bearer", "Bearer ", "Bearer a b", "Digest a", "xBearer a"]) {
    assertEquals(authorizationOf(header), undefined, String(header));
  }
});

Deno.test("indexOfDigest() finds what findIndex() with whole comparison finds", { permissions: "none" }, () => {
  // Two values a byte, so that equal ones and near misses both come up.
  const digest = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 4, maxLength: 4 });
  fc.assert(fc.property(fc.uniqueArray(digest, { selector: String }), digest, (digests, shown) => {
    assertEquals(
      indexOfDigest(digests.map((bytes) => Uint8Array.from(bytes)), Uint8Array.from(shown)),
      digests.findIndex((bytes) => String(bytes) === String(shown)),
    );
  }));
  assertEquals(indexOfDigest([new Uint8Array(4)], new Uint8Array(3)), -1);
  assertEquals(indexOfDigest([new Uint8Array(3)], new Uint8Array(4)), -1);
});
