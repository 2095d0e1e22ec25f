import { TrackingError } from "../../core/mod.ts";

/** A JSON object of a server's answer, read field by field: what is missing or of another type is an error that names it. */
export class Fields {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** Wraps a value that must be an object; `path` is where it stood. */
  constructor(json: unknown, path = "answer") {
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw malformed(path, "an object", json);
    this.#json = json as Record<string, unknown>;
    this.#path = path;
  }

  /** Whether the field is there. */
  has(name: string): boolean {
    return this.#json[name] !== undefined && this.#json[name] !== null;
  }

  /** A text; numbers are taken for one, as ids are. */
  text(name: string): string {
    const value = this.#json[name];
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
    throw malformed(`${this.#path}.${name}`, "a text", value);
  }

  /** A text, or what stands for it where servers leave empty fields out. */
  textOr<T>(name: string, fallback: T): string | T {
    return this.has(name) ? this.text(name) : fallback;
  }

  /** A number; integers may be written as text, doubles as `NaN`, `Infinity`, `-Infinity`. */
  number(name: string): number {
    const value = this.#json[name];
    if (typeof value === "number") return value;
    if (typeof value === "string" && (value === "NaN" || !Number.isNaN(Number(value)))) return Number(value);
    throw malformed(`${this.#path}.${name}`, "a number", value);
  }

  /** A number, or what stands for it. */
  numberOr<T>(name: string, fallback: T): number | T {
    return this.has(name) ? this.number(name) : fallback;
  }

  /** Whether the field is true; servers leave false out. */
  flag(name: string): boolean {
    const value = this.#json[name] ?? false;
    if (typeof value !== "boolean") throw malformed(`${this.#path}.${name}`, "true or false", value);
    return value;
  }

  /** An object. */
  fields(name: string): Fields {
    return new Fields(this.#json[name], `${this.#path}.${name}`);
  }

  /** A list of objects; servers leave empty lists out. */
  list(name: string): Fields[] {
    return this.#array(name).map((item, i) => new Fields(item, `${this.#path}.${name}[${i}]`));
  }

  /** A list of texts. */
  texts(name: string): string[] {
    return this.#array(name).map(String);
  }

  #array(name: string): readonly unknown[] {
    const value = this.#json[name] ?? [];
    if (!Array.isArray(value)) throw malformed(`${this.#path}.${name}`, "a list", value);
    return value;
  }
}

function malformed(path: string, wanted: string, seen: unknown): TrackingError {
  const shown = JSON.stringify(seen)?.slice(0, 80) ?? "nothing";
  return new TrackingError(
    "INTERNAL_ERROR",
    `Cannot read the server's answer as '${path}' must be ${wanted}: ${shown}`,
    {
      hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server",
    },
  );
}
