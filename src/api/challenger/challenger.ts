import { setImmediate } from "node:timers";
import { type ForecastColumns, toIso } from "../../core/mod.ts";
import { TokenBucket } from "../access/token_bucket.ts";
import type { Exchange } from "../http/exchange.ts";
import { type LoadedModel, ModelHost } from "../model/model_host.ts";
import type { ScoredMinute } from "../skill/realised_skill.ts";
import { canaryKeyOf, isInShare } from "./canary_key.ts";
import { type CallKind, type CallOutcome, ChallengerCalls } from "./challenger_calls.ts";
import { ErrorWatch } from "./error_watch.ts";
import type {
  ChallengerDeps,
  ChallengerOptions,
  ChallengerState,
  ChallengerStop,
  ChallengerView,
  StopReason,
} from "./challenger_types.ts";
import type { ChallengerModel } from "./ports.ts";
import { SkillWatch } from "./skill_watch.ts";

/** A challenger's forecasts, with who made them. */
export interface ChallengerAnswer {
  /** The version. */
  readonly loaded: LoadedModel<ChallengerModel>;
  /** Its forecasts. */
  readonly outputs: ForecastColumns;
}

/** Calls beside answers that are under way at most; a challenger that is slower is asked less. */
const MAX_SHADOWS = 16;

/**
 * A second version that is tried beside the one that answers: asked on the same inputs after the answer (shadow), at each
 * closed minute, and in its place for a share of the requests (canary), where the champion answers whatever it does not.
 * It is stopped for good when its calls fail too often or its forecasts prove worse.
 */
export class Challenger implements ChallengerView {
  /** Follows the alias. */
  readonly host: ModelHost<ChallengerModel>;
  readonly #deps: ChallengerDeps;
  readonly #options: ChallengerOptions;
  readonly #bucket: TokenBucket | undefined;
  #calls: ChallengerCalls | undefined;
  #errors: ErrorWatch;
  #skill: SkillWatch | undefined;
  #stop: ChallengerStop | undefined;
  #shadows = 0;

  /** Nothing is loaded before {@linkcode watch}. */
  constructor(deps: ChallengerDeps, options: ChallengerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#errors = new ErrorWatch(options.stop);
    this.#bucket = options.shadowPerSecond > 0 ? new TokenBucket(options.shadowPerSecond) : undefined;
    this.host = new ModelHost(options.reference, deps, {
      ...options.host,
      keepsPrevious: false,
      onDrop: (model) => model[Symbol.dispose](),
      onSwap: (report) => {
        if (report.outcome === "loaded") this.#begin();
        options.onSwap(report);
      },
    });
  }

  /** Share of the requests that it answers while it runs. */
  get share(): number {
    return this.#options.share;
  }

  /** What it is now. */
  get state(): ChallengerState {
    const { current, target, swap } = this.host, champion = this.#deps.champion();
    if (target === undefined) return "absent";
    if (current?.served.version !== target.version) return swap?.outcome === "refused" ? "refused" : "absent";
    if (this.#stop !== undefined) return "stopped";
    if (champion === undefined) return "running";
    if (champion.served.version === target.version) return "same-version";
    return champion.info.horizonMinutes === current.info.horizonMinutes ? "running" : "other-horizon";
  }

  /** The version that is asked, or undefined where none is. */
  get active(): LoadedModel<ChallengerModel> | undefined {
    return this.state === "running" ? this.host.current : undefined;
  }

  /** Why and when it was stopped, or undefined. */
  get stopped(): ChallengerStop | undefined {
    return this.#stop;
  }

  /** How its losses compare with the champion's; undefined before both are scored on a minute. */
  get skill(): Pick<SkillWatch, "bounds"> | undefined {
    return this.#skill;
  }

  check(): Promise<void> {
    return this.host.check({ force: true });
  }

  /** Loads the version of the alias and follows it until the signal ends it. */
  async watch(signal: AbortSignal): Promise<void> {
    await this.check();
    await this.host.watch(signal);
    this.host.current?.model[Symbol.dispose]();
  }

  /** Its forecasts for a closed minute; undefined where it does not run or has none in time. */
  async minute(rows: Float32Array): Promise<ForecastColumns | undefined> {
    return await this.#ask("minute", rows, 1);
  }

  /**
   * Its answer to a request of its share; undefined, mostly at once, where the champion is to answer.
   *
   * @param featureSetDigest feature set of the rows.
   */
  canary(
    exchange: Exchange,
    input: { readonly featureSetDigest: string; readonly rows: Float32Array; readonly count: number },
  ): Promise<ChallengerAnswer | undefined> | undefined {
    const loaded = this.canaryFor(exchange);
    if (loaded === undefined || loaded.info.featureSetDigest !== input.featureSetDigest) return undefined;
    return this.answer(loaded, input.rows, input.count);
  }

  /** The version that is to answer a request, where that is one of its share. */
  canaryFor(exchange: Exchange): LoadedModel<ChallengerModel> | undefined {
    const { share } = this.#options;
    if (share === 0) return undefined;
    const { active } = this;
    return active !== undefined && isInShare(canaryKeyOf(exchange), share) ? active : undefined;
  }

  /** Its answer; undefined where it has none in time. */
  async answer(
    loaded: LoadedModel<ChallengerModel>,
    rows: Float32Array,
    count: number,
  ): Promise<ChallengerAnswer | undefined> {
    const outputs = await this.#ask("canary", rows, count);
    return outputs === undefined ? undefined : { loaded, outputs };
  }

  /** Asks it what the champion was asked, after the answer; returns at once. `onAnswer` gets what it says. */
  shadow(
    input: { readonly featureSetDigest: string; readonly rows: Float32Array; readonly count: number },
    onAnswer: (answer: ChallengerAnswer) => void,
  ): void {
    const loaded = this.active;
    if (loaded === undefined || loaded.info.featureSetDigest !== input.featureSetDigest) return;
    if (this.#bucket === undefined || this.#shadows >= MAX_SHADOWS) return;
    if (this.#bucket.take(this.#deps.clock.monotonicMs()) > 0) return;
    this.#shadows++;
    setImmediate(async () => {
      const outputs = await this.#ask("shadow", input.rows, input.count);
      this.#shadows--;
      if (outputs !== undefined) onAnswer({ loaded, outputs });
    });
  }

  /** Takes minutes whose outcome is known, of any version. */
  scored(minutes: readonly ScoredMinute[]): void {
    const champion = this.#deps.champion()?.served, challenger = this.active?.served;
    if (champion === undefined || challenger === undefined) return;
    if (this.#skill?.isOf(champion.version, challenger.version) !== true) {
      const versions = { champion: champion.version, challenger: challenger.version };
      this.#skill = new SkillWatch(versions, challenger.horizonMinutes);
    }
    this.#skill.add(minutes);
    const { verdict } = this.#skill;
    if (verdict !== undefined) this.#end("skill", verdict);
  }

  #begin(): void {
    this.#stop = undefined;
    this.#skill = undefined;
    const { version } = this.host.current!.served, { onCall, timeoutMs, stop } = this.#options;
    this.#errors = new ErrorWatch(stop);
    this.#calls = new ChallengerCalls(this.host.current!.model, timeoutMs, {
      ended: (kind, outcome, seconds) => {
        onCall(kind, outcome, seconds);
        // What a version that was replaced meanwhile did is not laid to the next.
        if (this.host.current?.served.version === version) this.#judge(kind, outcome);
      },
    });
  }

  #ask(kind: CallKind, rows: Float32Array, count: number): Promise<ForecastColumns | undefined> {
    if (this.active === undefined) return Promise.resolve(undefined);
    return this.#calls!.ask(kind, rows, count);
  }

  /** Where the champion was not asked first, numbers past all bounds may be the client's doing. */
  #judge(kind: CallKind, outcome: CallOutcome): void {
    if (this.#stop !== undefined) return;
    const failed = outcome !== "ok" && !(outcome === "not-finite" && kind === "canary");
    const detail = this.#errors.note(failed);
    if (detail !== undefined) this.#end("errors", detail);
  }

  #end(reason: StopReason, detail: string): void {
    const { served, model } = this.host.current!;
    this.#stop = { version: served.version, reason, detail, at: toIso(this.#deps.clock.nowMs()) };
    model[Symbol.dispose]();
    this.#options.onStop(this.#stop);
  }
}
