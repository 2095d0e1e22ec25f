import type { PromotionAccess } from "../MLOps/ui/mod.ts";
import type { CommandContext } from "./command.ts";

/**
 * How the pages promote: with what `register` works with, which is loaded when the first promotion is asked for. Where
 * this process may not write the store, the pages say so before anybody tries.
 */
export async function promotionAccess(
  { clock }: Pick<CommandContext, "clock">,
  storeFolder: string | undefined,
): Promise<PromotionAccess> {
  if (storeFolder !== undefined) {
    const { state } = await Deno.permissions.query({ name: "write", path: storeFolder });
    if (state !== "granted") {
      return { unavailable: "This server may read its store but not write it, so no alias can be moved here." };
    }
  }
  return {
    async open(stores) {
      const [{ loadModelConfig }, { registerDeps }] = await Promise.all([
        import("../config/model_config.ts"),
        import("./register_deps.ts"),
      ]);
      return await registerDeps({ ...stores, config: await loadModelConfig(), clock });
    },
  };
}
