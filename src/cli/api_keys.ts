import { DomainError, toIso } from "../core/mod.ts";
import type { ApiKey, KeyScope } from "../api/access/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { renderTable } from "./table.ts";

const DEFAULT_RATE = 100;
const WORDS: Command["words"] & object = {
  create: {
    summary: "Make a key; its token is shown once",
    options: ["id", "scope", "rate", "unlimited"],
    examples: [{ line: "task api-keys -- create --id dashboards", does: "a key for forecasts" }],
  },
  list: {
    summary: "All keys, without their tokens",
    options: [],
    examples: [{ line: "task api-keys -- list --json", does: "as one object" }],
  },
  revoke: {
    summary: "Take a key no longer",
    positionals: "ID",
    options: [],
    examples: [{ line: "task api-keys -- revoke dashboards", does: "no longer taken within a second" }],
  },
};

/** `api-keys`, also `api keys`: who may use the service. A command of its own, as the service may not write its keys. */
export const command: Command = {
  summary: "Make, list and revoke the keys of the service",
  positionals: "create|list|revoke [ID]",
  words: WORDS,
  options: {
    id: { type: "string", value: "ID", description: "Name of the new key (default: key- and eight digits)" },
    scope: {
      type: "string",
      choices: ["predict", "admin", "predict,admin"],
      description: "What the new key may be used for: forecasts, or reload and metrics (default: predict)",
    },
    rate: {
      type: "number",
      value: "N",
      description: `Requests a second of the new key, and as many at once (default: ${DEFAULT_RATE})`,
    },
    unlimited: { type: "boolean", excludes: ["rate"], description: "No limit of requests for the new key" },
  },
  examples: [
    { line: "task api-keys -- create --id dashboards", does: "a key for forecasts; its token is shown once" },
    { line: "task api-keys -- create --id ops --scope admin --rate 5", does: "one for reload and metrics" },
    { line: "task api-keys -- list", does: "all keys, without their tokens" },
    { line: "task api-keys -- revoke dashboards", does: "no longer taken within a second" },
  ],
  run(context) {
    const [word, ...rest] = context.positionals;
    if (word === "create" && rest.length === 0) return create(context);
    if (word === "list" && rest.length === 0) return list(context);
    if (word === "revoke" && rest.length === 1) return revoke(context, rest[0]!);
    throw new DomainError(
      "usage",
      word === "revoke"
        ? "'revoke' takes the id of one key"
        : `Cannot tell what to do with keys: '${context.positionals.join(" ")}' is none of ${
          Object.keys(WORDS).join(", ")
        }`,
      { hint: "See: task api-keys -- --help" },
    );
  },
};

async function create(context: CommandContext): Promise<CommandResult> {
  const { changeKeys, KEY_ID, newKey, withKey } = await import("../api/access/mod.ts");
  const { options, clock } = context;
  const id = options.string("id");
  if (id !== undefined && !KEY_ID.test(id)) {
    throw new DomainError("usage", `Option '--id' must be small letters, digits, '.', '_' or '-': '${id}'`, {
      hint: "At most 64, and the first a letter or digit",
    });
  }
  const scopes = (options.string("scope") ?? "predict").split(",") as KeyScope[];
  const { key, token } = newKey({
    ...(id === undefined ? {} : { id }),
    scopes,
    rate: readRate(context),
    createdAt: toIso(clock.nowMs()),
  });
  const path = await keysFile(context);
  // Read first, so that settings that are wrong cost no token.
  const next = await exampleFor(scopes, options.string("config"));
  await changeKeys(path, (keys) => withKey(keys, key));
  context.output.note(`Key '${key.id}' is in ${path}; its token is shown this once, as only its digest is kept:`);
  return {
    json: { file: path, token, key: shown(key) },
    text: token,
    next: [next],
  };
}

const EVERY_ADDRESS = ["0.0.0.0", "::", "[::]"];

/** How the key is shown to the service that the settings describe, on a route that it is good for. */
async function exampleFor(scopes: readonly KeyScope[], configPath: string | undefined): Promise<string> {
  const { loadApiConfig } = await import("../config/api_config.ts");
  const { originOf } = await import("../api/http/origin.ts");
  const { host, port, tls } = await loadApiConfig(configPath);
  // A certificate is for a name, which the settings do not have.
  const reached = !EVERY_ADDRESS.includes(host) ? host : tls === null ? "127.0.0.1" : "NAME";
  const origin = originOf(reached, port === 0 ? "PORT" : port, tls !== null);
  return `curl -H 'authorization: Bearer TOKEN' ${origin}${scopes.includes("predict") ? "/v1/forecast" : "/metrics"}`;
}

function readRate({ options }: CommandContext): number | null {
  const rate = options.number("rate");
  if (options.boolean("unlimited")) return null;
  if (rate === undefined) return DEFAULT_RATE;
  if (rate > 0) return rate;
  throw new DomainError("usage", `Option '--rate' must be more than 0: current value is ${rate}`, {
    hint: "For none at all: --unlimited",
  });
}

async function list(context: CommandContext): Promise<CommandResult> {
  const { readKeys } = await import("../api/access/mod.ts");
  const path = await keysFile(context);
  const keys = (await readKeys(path))?.keys ?? [];
  const rows = keys.map(({ id, scopes, rate, createdAt, revokedAt }) => [
    id,
    scopes.join(","),
    rate === null ? "-" : String(rate),
    createdAt,
    revokedAt ?? "-",
  ]);
  const titles = [{ title: "id" }, { title: "scopes" }, { title: "requests/s", align: "right" } as const];
  const table = renderTable([...titles, { title: "created" }, { title: "revoked" }], rows);
  return {
    json: { file: path, keys: keys.map(shown) },
    text: keys.length === 0 ? `There are no keys in '${path}'; make one with: task api-keys -- create` : table,
  };
}

async function revoke(context: CommandContext, id: string): Promise<CommandResult> {
  const { changeKeys, withRevoked } = await import("../api/access/mod.ts");
  const path = await keysFile(context);
  const now = toIso(context.clock.nowMs());
  const keys = await changeKeys(path, (keys) => withRevoked(keys, id, now));
  const key = keys.find((key) => key.id === id)!;
  return {
    json: { file: path, key: shown(key) },
    text: key.revokedAt === now
      ? `Key '${id}' is revoked; a running service stops taking it within a second`
      : `Key '${id}' was revoked at ${key.revokedAt} already`,
  };
}

async function keysFile({ env }: CommandContext): Promise<string> {
  const { API_KEYS_PATH } = await import("../api/access/mod.ts");
  return env("API_KEYS_FILE") ?? API_KEYS_PATH;
}

function shown({ sha256: _, ...key }: ApiKey): Omit<ApiKey, "sha256"> {
  return key;
}
