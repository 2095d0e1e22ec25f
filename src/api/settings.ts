/** Settings of the service; `config/api.json` has them, and its schema says what each allows. */
export interface ServiceSettings {
  /** Whose minute candles are forecast. */
  readonly series: {
    /** Exchange, as in the store. */
    readonly exchange: string;
    /** Symbol, as in the store. */
    readonly symbol: string;
  };
  /** What one request may cost. */
  readonly limits: {
    /** Largest body. */
    readonly maxBodyBytes: number;
    /** Most rows. */
    readonly maxRows: number;
    /** How long a body may take to come. */
    readonly bodySeconds: number;
    /** How long an answer may wait for the registry. */
    readonly answerSeconds: number;
    /** Most requests that are answered at once. */
    readonly maxInFlight: number;
    /** Most that wait for it. */
    readonly maxQueued: number;
    /** Longest wait. */
    readonly queueMilliseconds: number;
  };
  /** How changes of the model are noticed. */
  readonly model: {
    /** How often the registry is asked. */
    readonly pollSeconds: number;
    /** How often a refused version's files are looked at again. */
    readonly retryRefusedSeconds: number;
  };
  /** How fresh candles must be. */
  readonly data: {
    /** How often the store's file is looked at. */
    readonly checkSeconds: number;
    /** How long a forecast waits for a look at the store. */
    readonly waitMilliseconds: number;
    /** Age from which on data is stale. */
    readonly staleAfterSeconds: number;
    /** Age from which on `/v1/forecast` is refused; null never. */
    readonly refuseAfterSeconds: number | null;
  };
  /** A second version that is tried beside the one that answers. */
  readonly challenger: {
    /** Its alias, of the same registered model; null tries none. */
    readonly alias: string | null;
    /** Share of the requests that it answers. */
    readonly share: number;
    /** Most requests a second that it is asked beside. */
    readonly shadowPerSecond: number;
    /** How long its answer is waited for. */
    readonly timeoutMilliseconds: number;
    /** When failures stop it. */
    readonly stop: { readonly maxErrorShare: number; readonly minCalls: number };
  };
  /** How the realised skill is told. */
  readonly skill: {
    /** Newest scored minutes that the means are of. */
    readonly windowMinutes: number;
  };
  /** The record of what was forecast. */
  readonly predictionLog: {
    /** How often the log's head is noted in the registry. */
    readonly anchorSeconds: number;
  };
}
