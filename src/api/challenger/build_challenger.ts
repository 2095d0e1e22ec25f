import { DomainError } from "../../core/mod.ts";
import { ChallengerMetrics } from "../metrics/challenger_metrics.ts";
import type { ModelReference } from "../model/model_uri.ts";
import type { ServiceDeps } from "../service.ts";
import type { ServiceSettings } from "../settings.ts";
import type { Registry } from "prom-client";
import { Challenger } from "./challenger.ts";
import type { ChallengerDeps } from "./challenger_types.ts";

/**
 * The challenger that the settings name, or undefined where they name none.
 *
 * @throws {DomainError} `config-invalid` where the service was not given how to load one.
 */
export function buildChallenger(
  deps: ServiceDeps,
  options: {
    readonly config: ServiceSettings;
    readonly champion: ChallengerDeps["champion"];
    readonly name: string;
    readonly registry: Registry;
  },
): Challenger | undefined {
  const { config, champion, name, registry } = options;
  const { alias, share, shadowPerSecond, timeoutMilliseconds, stop } = config.challenger;
  if (alias === null) return undefined;
  const load = deps.loadChallenger;
  if (load === undefined) throw new DomainError("config-invalid", "Cannot try a challenger as nothing loads one");
  const reference: ModelReference = { uri: `models:/${name}@${alias}`, name, by: { kind: "alias", alias } };
  const metrics = new ChallengerMetrics(registry, () => challenger);
  const challenger = new Challenger({ ...deps, load, features: deps.engines, champion }, {
    reference,
    share,
    shadowPerSecond,
    timeoutMs: timeoutMilliseconds,
    stop,
    host: {
      maxRows: config.limits.maxRows,
      pollMs: config.model.pollSeconds * 1000,
      retryRefusedMs: config.model.retryRefusedSeconds * 1000,
    },
    onCall: (kind, outcome, seconds) => metrics.call(kind, outcome, seconds),
    onSwap: (report) => {
      metrics.swapped(report.outcome);
      deps.reporter.challengerSwapped(report);
    },
    onStop: (stop) => deps.reporter.challengerStopped(stop),
  });
  return challenger;
}
