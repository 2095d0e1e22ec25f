import { dump, load, YAML11_SCHEMA } from "js-yaml";

/** Each multiplies what a text unfolds to; PyYAML writes one where a list or mapping is there twice. */
const MAX_ALIASES = 20;

/**
 * A value from YAML as Python's PyYAML reads it, which is YAML 1.1: `012` is octal, `yes` is true, and `1e5`, an id of
 * hex digits for all one knows, is a text.
 *
 * @throws {Error} for a text that is no YAML; its first line says where.
 */
export function readPythonYaml(text: string): unknown {
  // Of a key that is there twice the last counts, as there; aliases could make a short text a huge value.
  return load(text, { schema: YAML11_SCHEMA, json: true, maxAliases: MAX_ALIASES });
}

/** YAML that PyYAML reads back as it is here: one line a value, however long, and keys without a value left out. */
export function writePythonYaml(value: unknown): string {
  return dump(value, { schema: YAML11_SCHEMA, lineWidth: -1, skipInvalid: true, noRefs: true });
}
