import { createHash } from "node:crypto";
import {
  type Clock,
  DomainError,
  type ForecastModel,
  type ForecastModelInfo,
  isDomainError,
  messageAndHint,
  type ModelFiles,
  type ModelVersion,
  type ServedModel,
  toIso,
} from "../../core/mod.ts";
import { type RowShape, rowShape } from "../input/row_shape.ts";
import { checkFeatureSet, type FeatureIdentity } from "./feature_match.ts";
import type { ModelReference } from "./model_uri.ts";
import { absent, type ModelSource, readModelFiles, resolveVersion } from "./resolve.ts";

/** A model in memory, ready to answer. Requests keep the one they started with. */
export interface LoadedModel<M = ForecastModel> {
  /** What it is, as answers name it. */
  readonly served: ServedModel;
  /** The same as JSON text, so that answers need not build it. */
  readonly servedJson: string;
  /** The model. */
  readonly model: M;
  /** What the model says of itself. */
  readonly info: ForecastModelInfo;
  /** What its rows look like. */
  readonly shape: RowShape;
  /** sha256 over all its files, 64 hex digits. */
  readonly digest: string;
  /** When it was loaded. */
  readonly loadedAtMs: number;
}

/** What became of the last attempt to change the model (`swap` of `/health`). */
export interface SwapReport {
  /** Version that was tried; null where the alias is gone. */
  readonly version: string | null;
  /** Whether it serves now. */
  readonly outcome: "loaded" | "refused";
  /** Why it does not, or null. */
  readonly reason: string | null;
  /** What clients should know of one that serves, or null. */
  readonly warning: string | null;
  /** When, ISO 8601 UTC. */
  readonly at: string;
}

/** What a {@linkcode ModelHost} needs of a model. */
export interface HostedModel {
  /** What it is. */
  readonly info: ForecastModelInfo;
}

/** What a {@linkcode ModelHost} needs. */
export interface ModelHostDeps<M extends HostedModel = ForecastModel> {
  /** Where versions and their files come from. */
  readonly source: ModelSource;
  /** Proves, builds and warms a model. */
  readonly load: (files: ModelFiles) => Promise<M>;
  /** Feature sets that this program computes. */
  readonly features: readonly FeatureIdentity[];
  /** Time. */
  readonly clock: Clock;
}

/** Settings of a {@linkcode ModelHost}. */
export interface ModelHostOptions<M = ForecastModel> {
  /** Most rows of one request. */
  readonly maxRows: number;
  /** How often the registry is asked. */
  readonly pollMs: number;
  /** How often a refused version's files are looked at again. */
  readonly retryRefusedMs: number;
  /** Whether the model before is kept, so that a rollback needs no reading. @default true */
  readonly keepsPrevious?: boolean;
  /** Called with a model that is not held any more. */
  readonly onDrop?: (model: M) => void;
  /** Called after every attempt to change the model. */
  readonly onSwap?: (report: SwapReport) => void;
  /** Called when the registry cannot be asked, and with undefined once it can again. */
  readonly onRegistryState?: (error: Error | undefined) => void;
}

interface Refusal {
  readonly version: string;
  readonly digest: string | undefined;
  readonly reason: string;
  checkedAtMs: number;
}

/**
 * Holds the model that answers, and changes it when the registry says so: files read, proved and warmed beside the
 * serving model, then one reference switched. What is refused is reported and not tried again until it changes.
 */
export class ModelHost<M extends HostedModel = ForecastModel> {
  /** Which model is asked for. */
  readonly reference: ModelReference;
  readonly #deps: ModelHostDeps<M>;
  readonly #options: ModelHostOptions<M>;
  #current: LoadedModel<M> | undefined;
  #previous: LoadedModel<M> | undefined;
  #swap: SwapReport | undefined;
  #target: ModelVersion | undefined;
  #refusal: Refusal | undefined;
  #counter: number | undefined;
  #running: Promise<void> | undefined;
  #registryError: Error | undefined;

  /** A host without a model yet; {@linkcode ModelHost.start} loads the first. */
  constructor(reference: ModelReference, deps: ModelHostDeps<M>, options: ModelHostOptions<M>) {
    this.reference = reference;
    this.#deps = deps;
    this.#options = options;
  }

  /** The model that answers now. */
  get current(): LoadedModel<M> | undefined {
    return this.#current;
  }

  /** The model that answered before it, kept so that a rollback needs no reading. */
  get previous(): LoadedModel<M> | undefined {
    return this.#previous;
  }

  /** The last attempt to change the model, or undefined before the first. */
  get swap(): SwapReport | undefined {
    return this.#swap;
  }

  /** The version that the reference meant when last asked. */
  get target(): ModelVersion | undefined {
    return this.#target;
  }

  /** Why the registry cannot be asked at present. */
  get registryError(): Error | undefined {
    return this.#registryError;
  }

  /** Why there is no model, in words; empty while there is one. */
  get reasons(): readonly string[] {
    if (this.#current !== undefined) return [];
    if (this.#swap?.reason !== undefined && this.#swap.reason !== null) return [this.#swap.reason];
    return [this.#registryError?.message ?? `${this.reference.uri} is still being loaded`];
  }

  /**
   * Loads the first model. A damaged one leaves the host empty, with its reason, so that the service can say so and
   * pick up a repaired one.
   *
   * @throws {DomainError} `not-found` where the reference means no version; what the registry throws.
   */
  async start(): Promise<void> {
    this.#counter = await this.#deps.source.changeCounter();
    const target = await resolveVersion(this.#deps.source, this.reference);
    if (target === undefined) throw absent(this.reference);
    await this.#moveTo(target);
  }

  /** Looks whether the reference means another version now, and takes it. Calls that overlap share one look. */
  check(options: { readonly force?: boolean } = {}): Promise<void> {
    return this.#running ??= this.#check(options.force === true).finally(() => this.#running = undefined);
  }

  /** Checks every `pollMs` until the signal ends it. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#deps.clock.sleep(this.#options.pollMs, { signal });
      } catch {
        return;
      }
      await this.check();
    }
  }

  async #check(force: boolean): Promise<void> {
    const { source } = this.#deps;
    let target: ModelVersion | undefined;
    try {
      const counter = await source.changeCounter();
      if (!force && counter === this.#counter && this.#refusal === undefined) return this.#setRegistryError(undefined);
      target = await resolveVersion(source, this.reference);
      this.#counter = counter;
      this.#setRegistryError(undefined);
    } catch (error) {
      if (!isDomainError(error, "not-found")) return this.#setRegistryError(error as Error);
    }
    if (target !== undefined) return await this.#moveTo(target, force);
    this.#target = undefined;
    if (this.#swap?.version !== null) this.#report(null, "refused", absent(this.reference).message);
  }

  async #moveTo(target: ModelVersion, force = false): Promise<void> {
    this.#target = target;
    const { clock } = this.#deps;
    if (isOf(this.#current, target)) {
      this.#refusal = undefined;
      return;
    }
    const refusal = this.#refusal?.version === target.version ? this.#refusal : undefined;
    if (refusal !== undefined && !force) {
      if (clock.monotonicMs() - refusal.checkedAtMs < this.#options.retryRefusedMs) return;
    }
    if (isOf(this.#previous, target)) return this.#switchTo(this.#previous!);
    let digest: string | undefined;
    try {
      if (target.status !== "" && target.status !== "READY") {
        throw new DomainError(
          "model-invalid",
          `Version ${target.version} is not ready: its status is ${target.status}`,
        );
      }
      const files = await readModelFiles(this.#deps.source, target);
      digest = digestOf(files);
      if (refusal !== undefined && refusal.digest === digest) {
        refusal.checkedAtMs = clock.monotonicMs();
        return;
      }
      this.#switchTo(await this.#build(target, files, digest));
    } catch (error) {
      const reason = error instanceof Error ? messageAndHint(error) : String(error);
      this.#refusal = { version: target.version, digest, reason, checkedAtMs: clock.monotonicMs() };
      if (refusal?.reason !== reason) this.#report(target.version, "refused", reason);
    }
  }

  async #build(
    target: ModelVersion,
    files: ReadonlyMap<string, Uint8Array>,
    digest: string,
  ): Promise<LoadedModel<M>> {
    const model = await this.#deps.load(files);
    checkFeatureSet(model.info, this.#deps.features);
    const { by, name } = this.reference;
    const served: ServedModel = {
      name,
      version: target.version,
      alias: by.kind === "alias" ? by.alias : null,
      runId: target.runId,
      horizonMinutes: model.info.horizonMinutes,
    };
    return {
      served,
      servedJson: JSON.stringify(served),
      model,
      info: model.info,
      shape: rowShape(model.info, { maxRows: this.#options.maxRows }),
      digest,
      loadedAtMs: this.#deps.clock.nowMs(),
    };
  }

  #switchTo(next: LoadedModel<M>): void {
    const dropped = this.#options.keepsPrevious === false ? this.#current : this.#previous;
    const warning = this.#current === undefined ? null : otherHorizon(this.#current.served, next.served);
    this.#previous = this.#options.keepsPrevious === false ? undefined : this.#current;
    this.#current = next;
    if (dropped !== undefined && dropped !== next) this.#options.onDrop?.(dropped.model);
    this.#refusal = undefined;
    this.#report(next.served.version, "loaded", null, warning);
  }

  #report(
    version: string | null,
    outcome: SwapReport["outcome"],
    reason: string | null,
    warning: string | null = null,
  ): void {
    this.#swap = { version, outcome, reason, warning, at: toIso(this.#deps.clock.nowMs()) };
    this.#options.onSwap?.(this.#swap);
  }

  #setRegistryError(error: Error | undefined): void {
    if (this.#registryError?.message === error?.message) return;
    this.#registryError = error;
    this.#options.onRegistryState?.(error);
  }
}

/** Whether a model is that version. A registry that was put back from a copy gives a number anew, to another run. */
function isOf<M>(loaded: LoadedModel<M> | undefined, { version, runId }: ModelVersion): boolean {
  return loaded?.served.version === version && loaded.served.runId === runId;
}

/** The alias is the operator's word, so it is followed; but whoever reads it is told something else from then on. */
function otherHorizon(before: ServedModel, next: ServedModel): string | null {
  if (before.horizonMinutes === next.horizonMinutes) return null;
  return `It forecasts ${next.horizonMinutes} minutes ahead, version ${before.version} before it ${before.horizonMinutes}`;
}

function digestOf(files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const path of [...files.keys()].sort()) {
    const content = files.get(path)!;
    hash.update(`${path}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest("hex");
}
