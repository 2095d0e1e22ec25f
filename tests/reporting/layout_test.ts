import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import { fontMetrics } from "../../src/reporting/fonts/metrics.ts";
import { clipText, wrapText } from "../../src/reporting/fonts/wrap.ts";
import { reportFolderName, writeReportFiles } from "../../src/reporting/layout.ts";
import { flowPieces, gap, type Piece } from "../../src/reporting/pdf/flow.ts";
import { CONTENT_HEIGHT, CONTENT_WIDTH, PAGE } from "../../src/reporting/pdf/page_format.ts";
import { columnWidths, layoutTable } from "../../src/reporting/pdf/table.ts";
import type { PdfCanvas } from "../../src/reporting/pdf/canvas.ts";
import {
  formatAmount,
  formatCoverage,
  formatMinutes,
  formatNumber,
  formatPercent,
  formatSignedPercent,
  formatSignificant,
} from "../../src/reporting/numbers.ts";
import fc from "fast-check";

interface Placed {
  readonly id: number;
  readonly page: number;
  readonly y: number;
  readonly height: number;
}

/** Flows pieces on pages that draw nothing and tells where each came to stand. */
function place(pieces: readonly (Piece & { readonly id?: number })[]): Placed[] {
  const placed: Placed[] = [];
  const drawn = pieces.map((piece, at) => ({
    ...piece,
    draw: (_: PdfCanvas, y: number, page: number) => placed.push({ id: piece.id ?? at, page, y, height: piece.height }),
  }));
  flowPieces(drawn, () => ({}) as PdfCanvas);
  return placed;
}

const piece = fc.record({
  height: fc.double({ min: 1, max: CONTENT_HEIGHT / 3, noNaN: true }),
  keepWithNext: fc.boolean(),
  spacer: fc.boolean(),
}).map((fields): Piece => ({ ...fields, keepWithNext: fields.keepWithNext && !fields.spacer, draw() {} }));

Deno.test("flowPieces() cuts no piece, keeps the order and what belongs together", () => {
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 60 }), (pieces) => {
    const placed = place(pieces);
    const solid = pieces.map((piece, id) => ({ ...piece, id })).filter(({ spacer }) => !spacer);
    assertEquals(placed.filter(({ id }) => !pieces[id]!.spacer).map(({ id }) => id), solid.map(({ id }) => id));
    for (const { id, y, height } of placed) {
      assert(y >= PAGE.top);
      if (!pieces[id]!.spacer) {
        assert(y + height <= PAGE.top + CONTENT_HEIGHT + 1e-9, `piece ${id} ends at ${y + height}`);
      }
    }
    placed.slice(1).forEach(({ page, y }, i) => {
      const before = placed[i]!;
      assert(page === before.page ? y >= before.y + before.height - 1e-9 : page > before.page);
    });
    // A chain that fits a page is on one page.
    for (let start = 0; start < pieces.length;) {
      let end = start;
      while (end < pieces.length - 1 && pieces[end]!.keepWithNext) end++;
      const chain = placed.filter(({ id }) => id >= start && id <= end && !pieces[id]!.spacer);
      const height = pieces.slice(start, end + 1).reduce((sum, each) => sum + each.height, 0);
      if (height <= CONTENT_HEIGHT) assertEquals(new Set(chain.map(({ page }) => page)).size <= 1, true);
      start = end + 1;
    }
  }));
});

Deno.test("flowPieces() drops space at the top of a page and repeats the head of a table", () => {
  const row = (id: number): Piece & { id: number } => ({ id, height: CONTENT_HEIGHT / 2, draw() {} });
  const head = { height: 10, draw: (_: PdfCanvas, y: number) => heads.push(y) };
  const heads: number[] = [];
  const placed = place([row(0), row(1), { ...gap(30), id: 2 } as Piece & { id: number }, {
    ...row(3),
    height: 50,
    repeat: head,
  }]);
  assertEquals(heads, [PAGE.top]);
  assertEquals(placed.at(-1), { id: 3, page: 2, y: PAGE.top + 10, height: 50 });
});

Deno.test("columnWidths() fills the page whatever the cells are", () => {
  const cell = fc.string({ maxLength: 120 });
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ title: cell, align: fc.constantFrom("left" as const, "right" as const), wrap: fc.boolean() }),
        {
          minLength: 1,
          maxLength: 12,
        },
      ),
      fc.array(fc.array(cell, { maxLength: 12 }), { maxLength: 5 }),
      (columns, rows) => {
        const table = { kind: "table" as const, caption: "", columns, rows };
        const widths = columnWidths(table);
        assertAlmostEquals(widths.reduce((sum, width) => sum + width, 0), CONTENT_WIDTH, 0.1);
        assert(widths.every((width) => width > 0));
        assertEquals(layoutTable(table).length, rows.length + 1);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("wrapText() loses no character and exceeds no line", () => {
  const metrics = fontMetrics("regular");
  fc.assert(fc.property(
    fc.string({ maxLength: 200 }),
    fc.double({ min: 30, max: 400, noNaN: true }),
    (raw, width) => {
      const text = metrics.printable(raw);
      const lines = wrapText(text, metrics, 9, width);
      assertEquals(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", "").replaceAll("\n", ""));
      for (const line of lines) assert(metrics.width(line, 9) <= width + 1e-9, `'${line}' in ${width}`);
      assert(metrics.width(clipText(text, metrics, 9, width), 9) <= width + 1e-9);
    },
  ));
});

Deno.test("fontMetrics() gives every digit one width and replaces what the font lacks", () => {
  for (const weight of ["regular", "bold"] as const) {
    const metrics = fontMetrics(weight);
    assertEquals(new Set(Array.from("0123456789", (digit) => metrics.width(digit, 10))).size, 1);
    assertEquals(metrics.printable("σ² → 1,5 €, Δ ≤ 3 – “x” 漢"), "σ² → 1,5 €, Δ ≤ 3 – “x” ?");
  }
});

Deno.test("formats write no exponent, no double sign and no lie", () => {
  assertEquals(formatNumber(-1234567.891, 2), "−1,234,567.89");
  assertEquals(formatNumber(-0.001, 2), "0.00");
  assertEquals(formatNumber(NaN), "–");
  assertEquals(formatNumber(0.5), "1");
  assertEquals(formatSignificant(0.000123456, 3), "0.000123");
  assertEquals(formatSignificant(123456, 3), "123,456");
  assertEquals(formatSignificant(-3e-12, 2), "−3.0e−12");
  assertEquals(
    [formatPercent(0.5), formatSignedPercent(0.1), formatSignedPercent(0.000001), formatSignedPercent(-0.1)],
    [
      "50.00 %",
      "+10.00 %",
      "0.00 %",
      "−10.00 %",
    ],
  );
  assertEquals(
    [formatCoverage(1, 1), formatCoverage(999_999, 1_000_000), formatCoverage(0, 5), formatCoverage(1, 1e6)],
    [
      "100 %",
      "99.9999 %",
      "0.00 %",
      "0.0001 %",
    ],
  );
  assertEquals(["2.12 tn", "14.80 M", "9,310", "1.50", "–"], [
    formatAmount(2.123e12),
    formatAmount(14.8e6).replace("14.8 ", "14.80 "),
    formatAmount(9310.2),
    formatAmount(1.5),
    formatAmount(NaN),
  ]);
  assertEquals([80, 119, 120, 160, 1440, 4560].map(formatMinutes), [
    "80 min",
    "119 min",
    "2 h",
    "2 h 40 min",
    "1 d",
    "3 d 4 h",
  ]);
});

Deno.test("reportFolderName() is a name on every file system", () => {
  assertEquals(reportFolderName(Date.UTC(2026, 10, 26, 7, 30, 0, 999)), "2026-11-26T07-30-00Z");
});

Deno.test("writeReportFiles() gives writers of one second a folder each, all of them whole", async () => {
  const outDir = await Deno.makeTempDir();
  try {
    const target = { outDir, kind: "model", nowMs: 0 };
    const files = new Map([["a.txt", "a"], ["b.txt", "b"]]);
    const written = await Promise.all(Array.from({ length: 8 }, () => writeReportFiles(target, files)));
    assertEquals(new Set(written.flat()).size, 16);
    for (const path of written.flat()) assertEquals(await Deno.readTextFile(path), path.at(-5));
    const folders = Array.from(Deno.readDirSync(`${outDir}/model`), ({ name }) => name).sort();
    assertEquals(
      folders,
      ["", "-2", "-3", "-4", "-5", "-6", "-7", "-8"].map((end) => `1970-01-01T00-00-00Z${end}`).sort(),
    );
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
});

Deno.test("writeReportFiles() says so where a file is in the way", async () => {
  const file = await Deno.makeTempFile();
  try {
    for (const outDir of [file, `${file}/deeper`]) {
      const error = await assertRejects(
        () => writeReportFiles({ outDir, kind: "ingestion", nowMs: 0 }, new Map([["a", "a"]])),
        DomainError,
        "not a directory",
      );
      assertEquals(error.code, "input-invalid");
    }
  } finally {
    await Deno.remove(file);
  }
});
