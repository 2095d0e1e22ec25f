import type { ForecastModel } from "../../../src/core/mod.ts";
import type { RegisterDeps } from "../../../src/MLOps/promotion/mod.ts";
import type { PromotionAccess } from "../../../src/MLOps/ui/mod.ts";
import { NOW_MS } from "../server/test_app.ts";
import { evaluationOf, LIMITS, NO_INCUMBENTS } from "./evidence.ts";

/** The gate with proofs of the test's own; it does not know what holds the alias. */
export function fakeGate(changes: Partial<RegisterDeps> = {}): PromotionAccess {
  return {
    open: (stores) => ({
      ...stores,
      loadModel: () =>
        Promise.resolve(
          {
            info: { family: "mlp", horizonMinutes: 15, featureSetDigest: "d", featureNames: ["a", "b"] },
          } as unknown as ForecastModel,
        ),
      proveRun: (run) =>
        Promise.resolve({ evaluation: evaluationOf(run), predictionsSha256: "s", incumbents: NO_INCUMBENTS }),
      limits: LIMITS,
      clock: { nowMs: () => NOW_MS },
      ...changes,
    }),
  };
}
