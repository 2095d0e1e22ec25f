import type { Clock, FeatureEngine, LoadForecastModel } from "../core/mod.ts";
import type { ServiceSettings } from "./settings.ts";
import type { DataAge } from "./data/data_age.ts";
import { buildChallenger } from "./challenger/build_challenger.ts";
import type { ChallengerStop, ChallengerView } from "./challenger/challenger_types.ts";
import type { LoadChallenger } from "./challenger/ports.ts";
import { type CandleFeed, LiveFeatures } from "./data/live_features.ts";
import { AnchorKeeper, type WriteAnchor } from "./log/anchors.ts";
import type { PredictionLog } from "./log/prediction_log.ts";
import type { RequestLog } from "./log/request_log.ts";
import { PredictionTally } from "./metrics/prediction_tally.ts";
import { registerPredictionMetrics } from "./metrics/prediction_metrics.ts";
import { ServiceMetrics } from "./metrics/service_metrics.ts";
import { registerSkillMetrics, type ScoredRole } from "./metrics/skill_metrics.ts";
import { type MinuteForecast, MinuteWatch } from "./minute_watch.ts";
import { ModelHost, type SwapReport } from "./model/model_host.ts";
import { parseModelUri } from "./model/model_uri.ts";
import type { ModelSource } from "./model/resolve.ts";
import { loadWarm } from "./model/warm.ts";
import type { MinuteScoring } from "./skill/ports.ts";
import { RealisedSkill } from "./skill/realised_skill.ts";
import { createRouter, type Fetch } from "./router.ts";
import { bindRoutes } from "./routes/bind_routes.ts";
import { currentAge, type RouteContext } from "./routes/context.ts";
import { Admission } from "./access/admission.ts";
import type { KeyRing, KeysReport } from "./access/key_ring.ts";
import { RequestGate } from "./access/request_gate.ts";
import { Deadlines } from "./http/deadlines.ts";

/** What happens inside a service that an operator should know of. */
export interface ServiceReporter {
  /** The model changed, or could not. */
  swapped(report: SwapReport): void;
  /** The registry cannot be asked; undefined once it can again. */
  registry(error: Error | undefined): void;
  /** Why the feature store gives no candles; undefined once it does again. */
  candles(reason: string | undefined): void;
  /** The registry is another one than before, as when its database was put back from a copy. */
  registryReplaced(): void;
  /** Why the log's head cannot be noted in the registry; undefined once it can again. */
  anchors(problem: string | undefined): void;
  /** A request hit a bug. */
  failed(requestId: string, error: unknown): void;
  /** The file of keys changed. */
  keys(report: KeysReport): void;
  /** The challenger's version changed, or could not. */
  challengerSwapped(report: SwapReport): void;
  /** The challenger was stopped. */
  challengerStopped(stop: ChallengerStop): void;
}

/** What an inference service needs. */
export interface ServiceDeps {
  /** Where models come from. */
  readonly source: ModelSource;
  /** Proves and builds a model. */
  readonly load: LoadForecastModel;
  /** Proves and builds a challenger apart from this thread; needed where one is configured. */
  readonly loadChallenger?: LoadChallenger;
  /** Feature sets that models may read; each row is computed by the model's own. */
  readonly engines: readonly FeatureEngine[];
  /** The candles. */
  readonly feed: CandleFeed;
  /** Scores the service's own forecasts when their labels close. */
  readonly scoring: MinuteScoring;
  /** Record of what was answered; undefined where it is switched off. */
  readonly log: PredictionLog | undefined;
  /** A line a request; undefined where it is switched off. */
  readonly requestLog?: RequestLog | undefined;
  /** Notes the log's head at a model version; undefined leaves the log without anchors. */
  readonly anchor?: WriteAnchor;
  /** Keys that are asked for where there are any; undefined never asks. */
  readonly keys?: KeyRing;
  /** Time. */
  readonly clock: Clock;
  /** Told of swaps and failures. */
  readonly reporter: ServiceReporter;
}

/** Options of {@linkcode InferenceService}. */
export interface ServiceOptions {
  /** Settings. */
  readonly config: ServiceSettings;
  /** Which model, `models:/NAME@ALIAS` or `models:/NAME/VERSION`. */
  readonly modelUri: string;
  /** Version of the program. */
  readonly programVersion: string;
}

/** The inference service without its socket: answers requests, watches the registry and the store. */
export class InferenceService {
  /** Answers a request. */
  readonly fetch: Fetch;
  readonly #host: ModelHost;
  readonly #live: LiveFeatures;
  readonly #context: RouteContext;
  readonly #anchors: AnchorKeeper | undefined;
  readonly #minutes: MinuteWatch;
  readonly #reporter: ServiceReporter;

  /** Builds the service; {@linkcode start} loads the model. */
  constructor(deps: ServiceDeps, options: ServiceOptions) {
    const { config, programVersion } = options;
    const series = { ...config.series, interval: "1m" as const };
    this.#live = new LiveFeatures(deps, {
      series,
      checkMs: config.data.checkSeconds * 1000,
      onState: (reason) => deps.reporter.candles(reason),
    });
    this.#host = new ModelHost(parseModelUri(options.modelUri), {
      ...deps,
      load: loadWarm(deps.load),
      features: deps.engines,
    }, {
      maxRows: config.limits.maxRows,
      pollMs: config.model.pollSeconds * 1000,
      retryRefusedMs: config.model.retryRefusedSeconds * 1000,
      onSwap: (report) => {
        metrics.swapped(report);
        deps.reporter.swapped(report);
      },
      onRegistryState: (error) => deps.reporter.registry(error),
    });
    const { limits } = config;
    const gate = new RequestGate({ ...limits, queueMs: limits.queueMilliseconds });
    const metrics = new ServiceMetrics({
      host: this.#host,
      data: () => currentAge(context),
      dataReason: () => this.#live.reason,
      log: deps.log,
      requestLog: deps.requestLog,
      queued: () => gate.queued,
      programVersion,
    });
    const context: RouteContext = {
      config,
      clock: deps.clock,
      host: this.#host,
      challenger: buildChallenger(deps, {
        config,
        champion: () => this.#host.current,
        name: this.#host.reference.name,
        registry: metrics.registry,
      }),
      live: this.#live,
      log: deps.log,
      keys: deps.keys,
      deadlines: new Deadlines(limits.bodySeconds * 1000),
      answers: new Deadlines(limits.answerSeconds * 1000),
      looks: new Deadlines(config.data.waitMilliseconds),
      metrics,
      tally: new PredictionTally(),
      skill: new RealisedSkill(deps.scoring, config.skill),
      programVersion,
    };
    registerPredictionMetrics(metrics.registry, context);
    registerSkillMetrics(metrics.registry, { skill: context.skill, roles: () => this.#roles() });
    this.#context = context;
    this.#minutes = new MinuteWatch(context);
    this.#reporter = deps.reporter;
    if (deps.log !== undefined && deps.anchor !== undefined) {
      this.#anchors = new AnchorKeeper(deps.log, deps.anchor, (problem) => deps.reporter.anchors(problem));
    }
    this.fetch = createRouter(bindRoutes(context), new Admission(deps.keys, gate), {
      begin: () => metrics.begin(),
      end: (answered) => {
        metrics.end(answered);
        deps.requestLog?.request(answered);
      },
      failed: (requestId, error) => deps.reporter.failed(requestId, error),
    });
  }

  /** Age of the newest candles. */
  get dataAge(): DataAge {
    return currentAge(this.#context);
  }

  /** Why the newest candles could not be read, or undefined where they were. */
  get dataReason(): string | undefined {
    return this.#live.reason;
  }

  /** The version that is tried beside the one that answers; undefined where none is configured. */
  get challenger(): ChallengerView | undefined {
    return this.#context.challenger;
  }

  /** The host of the model. */
  get host(): ModelHost {
    return this.#host;
  }

  /**
   * Loads the first model and reads the newest candles.
   *
   * @throws {DomainError} `not-found` where the URI means no version; what the registry throws.
   */
  async start(): Promise<void> {
    await Promise.all([this.#host.start(), this.#live.refresh()]);
  }

  /** Follows the registry and the store until the signal ends it. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#context;
    const everyMs = config.predictionLog.anchorSeconds * 1000;
    await Promise.all([
      this.#host.watch(signal),
      this.#watchCandles(signal),
      this.#context.tally.watch({ clock, signal }),
      this.#context.challenger?.watch(signal),
      this.#context.keys?.watch((report) => this.#reporter.keys(report), { clock, signal }),
      this.#anchors?.watch(() => this.#host.current?.served, { everyMs, clock, signal }),
    ]);
  }

  /** Looks at the store, and forecasts the newest closed minute where it is new: what {@linkcode watch} does all the time. */
  forecastMinute(): Promise<MinuteForecast | undefined> {
    return this.#minutes.look();
  }

  /** Takes it that the registry is another one now: the log's head is noted there too. The model is looked at as ever. */
  registryReplaced(): void {
    this.#reporter.registryReplaced();
    this.#anchors?.forget();
  }

  /** Writes what the prediction log still holds and anchors it. */
  async close(): Promise<void> {
    await this.#context.log?.flush();
    await this.#anchors?.anchor(this.#host.current?.served);
  }

  #roles(): ScoredRole[] {
    const champion = this.#host.current?.served.version;
    const challenger = this.#context.challenger?.active?.served.version;
    return [
      ...(champion === undefined ? [] : [{ version: champion, role: "champion" as const }]),
      ...(challenger === undefined ? [] : [{ version: challenger, role: "challenger" as const }]),
    ];
  }

  async #watchCandles(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#context;
    while (!signal.aborted) {
      await this.#minutes.look();
      try {
        await clock.sleep(config.data.checkSeconds * 1000, { signal });
      } catch {
        return;
      }
    }
  }
}
