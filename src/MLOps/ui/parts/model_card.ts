import type { ColumnSpec, MlModel, TensorSpec } from "../../../core/mod.ts";
import { formatBytes } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { facts, keyValueTable, section } from "./facts.ts";
import { timeOf } from "./words.ts";

/** Rows of a table of the card: a file may hold any number. */
const MAX_ENTRIES = 100;

/** The model card: how to load the model, what it takes and gives, and what else it says of itself. */
export function modelCard({ flavors, signature, createdAtMs, sizeBytes, metadata = {} }: MlModel): Html {
  const extras = entriesOf(metadata).map(({ key, value }) => ({ key, value: plain(value) }));
  return html`${
    facts([
      ["Takes", fields(signature?.inputs ?? [])],
      ["Gives", fields(signature?.outputs ?? [])],
      ["Made", createdAtMs === undefined ? undefined : timeOf(createdAtMs)],
      ["Size", sizeBytes === undefined ? undefined : formatBytes(sizeBytes)],
    ])
  }<h3>Flavors</h3>${
    keyValueTable("flavors", entriesOf(flavors).map(({ key, value }) => ({ key, value: detailsOf(value) })))
  }${extras.length === 0 ? EMPTY : html`<h3>Metadata</h3>${keyValueTable("metadata", extras)}`}`;
}

/** The model card as a part of a page; nothing where there is none. */
export function cardSection(card: MlModel | undefined): Html {
  return card === undefined ? EMPTY : section("card", "Model card", modelCard(card));
}

function fields(list: readonly (TensorSpec | ColumnSpec)[]): Html | undefined {
  if (list.length === 0) return undefined;
  return html`${
    list.slice(0, MAX_ENTRIES).map((field, i) =>
      html`${i === 0 ? EMPTY : html`<br>`}${field.name ?? ""} <code>${
        field.kind === "tensor" ? `${field.dtype} [${field.shape.join(", ")}]` : field.type
      }</code>`
    )
  }`;
}

function detailsOf(flavor: Readonly<Record<string, unknown>>): string {
  return entriesOf(flavor).filter(({ value }) => typeof value === "string" || typeof value === "number")
    .map(({ key, value }) => `${key}: ${plain(value)}`).join(", ");
}

function entriesOf<T>(record: Readonly<Record<string, T>>): readonly { readonly key: string; readonly value: T }[] {
  return Object.entries(record).slice(0, MAX_ENTRIES).map(([key, value]) => ({ key, value }));
}

function plain(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
}
