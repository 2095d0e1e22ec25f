/** A column of {@linkcode renderTable}. */
export interface TableColumn {
  /** Heading. */
  readonly title: string;
  /** Numbers read best to the right. @default "left" */
  readonly align?: "left" | "right";
}

/** Rows as aligned text with a heading and a rule; for stdout. */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, j) => Math.max(title.length, ...rows.map((row) => (row[j] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, j) => columns[j]!.align === "right" ? cell.padStart(widths[j]!) : cell.padEnd(widths[j]!)).join(
      "  ",
    ).trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...rows.map(line),
  ].join("\n");
}
