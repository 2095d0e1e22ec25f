/**
 * The parts of prom-client that metrics are registered with. Its index also loads what pushes metrics to a gateway and
 * gathers them from a cluster, and so Deno's `http`, `https` and `cluster`: memory that a service never gives back.
 *
 * @module
 */
import type * as PromClient from "prom-client-package";
import CounterModule from "prom-client-package/lib/counter.js";
import GaugeModule from "prom-client-package/lib/gauge.js";
import HistogramModule from "prom-client-package/lib/histogram.js";
import RegistryModule from "prom-client-package/lib/registry.js";

/** A value that only rises. */
export const Counter = CounterModule as typeof PromClient.Counter;
export type Counter<Label extends string = string> = PromClient.Counter<Label>;

/** A value that rises and falls. */
export const Gauge = GaugeModule as typeof PromClient.Gauge;
export type Gauge<Label extends string = string> = PromClient.Gauge<Label>;

/** Counts of values by bucket. */
export const Histogram = HistogramModule as typeof PromClient.Histogram;
export type Histogram<Label extends string = string> = PromClient.Histogram<Label>;

/** Metrics that are told together. */
export const Registry = RegistryModule as typeof PromClient.Registry;
export type Registry = PromClient.Registry;
