/**
 * What a tracking server answers to a series of requests, in a form in which two servers can be compared: ids, times
 * and invented names are replaced by placeholders in the order of their first appearance.
 *
 * @module
 */

/** One request and its answer. */
export interface Exchange {
  /** The request, as a person would write it down. */
  readonly request: string;
  /** HTTP status. */
  readonly status: number;
  /** The answer's JSON, or its text where it is none. */
  readonly answer: unknown;
}

/** What a request carries beside method and path. */
export interface RequestParts {
  /** Query parameters; a list repeats the parameter. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  /** Headers; a body is JSON unless said otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends requests to one server and keeps what it answered. */
export class Transcript {
  /** Everything so far. */
  readonly exchanges: Exchange[] = [];
  readonly #url: string;
  readonly #folder: string;
  #placeholders = new Map<string, string>();

  /** Talks to the server at `url` whose files lie in `folder`. */
  constructor(url: string, folder: string) {
    this.#url = url;
    this.#folder = folder;
  }

  /** Begins to number placeholders anew, so that a difference before does not show as one in all that follows. */
  section(): void {
    this.#placeholders = new Map();
  }

  /** Sends a request to a route of MLflow's REST API. */
  api(method: string, route: string, parts: RequestParts = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.send(method, `/api/2.0/mlflow/${route}`, parts);
  }

  /** Sends a request and returns its JSON as it came; `{}` where it is none. */
  async send(method: string, path: string, parts: RequestParts = {}): Promise<Readonly<Record<string, unknown>>> {
    const query = new URLSearchParams();
    for (const [name, values] of Object.entries(parts.query ?? {})) {
      for (const value of [values].flat()) query.append(name, value);
    }
    const target = query.size === 0 ? path : `${path}?${query}`;
    const body = parts.raw ?? (parts.body === undefined ? undefined : JSON.stringify(parts.body));
    const response = await fetch(this.#url + target, {
      method,
      redirect: "manual",
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...parts.headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const shown = typeof body === "string" && body.length <= 600 ? ` ${body}` : body === undefined ? "" : " (long)";
    const answer = parseJson(text);
    // Else two things of one millisecond are ordered by their random ids.
    if (/\/(?:create|logged-models|alias|update|transition-stage)$/.test(path)) {
      await new Promise((done) => setTimeout(done, 2));
    }
    this.exchanges.push({
      request: this.#plain(`${method} ${target}${shown}`),
      status: response.status,
      answer: answer === undefined ? this.#plain(text) : this.#plainValue(answer),
    });
    return typeof answer === "object" && answer !== null ? answer as Record<string, unknown> : {};
  }

  #plainValue(value: unknown): unknown {
    if (typeof value === "string") return this.#plain(value);
    if (typeof value === "number" && value > 1.7e12 && value < 2e12) return "<time>";
    if (Array.isArray(value)) return value.map((item) => this.#plainValue(item));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
    return Object.fromEntries(entries.map(([key, item]) => [this.#plain(key), this.#plainValue(item)]));
  }

  #plain(text: string): string {
    return text.replaceAll(this.#folder, "<folder>").replaceAll(this.#url, "<url>")
      .replace(/(?:m-)?\b[0-9a-f]{32}\b/g, (id) => {
        const known = this.#placeholders.get(id) ?? `<id ${this.#placeholders.size + 1}>`;
        this.#placeholders.set(id, known);
        return known;
      })
      .replace(/\b1[78]\d{11}\b/g, "<time>")
      .replace(/\b[a-z]+-[a-z]+-\d{1,4}\b/g, "<invented name>");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
