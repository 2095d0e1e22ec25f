import { formatBytes } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { CardTensor, ModelCard } from "../model_card.ts";
import { facts, keyValueTable, section } from "./facts.ts";

/** The model card: how to load the model, what it takes and gives, and what else it says of itself. */
export function modelCard(card: ModelCard): Html {
  return html`${
    facts([
      ["Takes", tensors(card.inputs)],
      ["Gives", tensors(card.outputs)],
      ["Made (UTC)", card.createdAt.slice(0, 19)],
      ["Size", card.sizeBytes === undefined ? undefined : formatBytes(card.sizeBytes)],
    ])
  }<h3>Flavors</h3>${
    keyValueTable("flavors", card.flavors.map(({ name, details }) => ({ key: name, value: details })))
  }${card.metadata.length === 0 ? EMPTY : html`<h3>Metadata</h3>${keyValueTable("metadata", card.metadata)}`}`;
}

/** The model card as a part of a page; nothing where there is none. */
export function cardSection(card: ModelCard | undefined): Html {
  return card === undefined ? EMPTY : section("card", "Model card", modelCard(card));
}

function tensors(list: readonly CardTensor[]): Html | undefined {
  if (list.length === 0) return undefined;
  return html`${list.map(({ name, type }, i) => html`${i === 0 ? EMPTY : html`<br>`}${name} <code>${type}</code>`)}`;
}
