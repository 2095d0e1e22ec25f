import type { PromotionAccess } from "../MLOps/ui/mod.ts";
import type { CommandContext } from "./command.ts";

/**
 * How the pages promote: with what `register` works with, which is loaded when the first promotion is asked for. Where
 * this process may not write to one of the folders of its store, the pages say so before anybody tries.
 */
export async function promotionAccess(
  { clock }: Pick<CommandContext, "clock">,
  folders: readonly (string | undefined)[],
): Promise<PromotionAccess> {
  for (const path of folders) {
    if (path === undefined) continue;
    const { state } = await Deno.permissions.query({ name: "write", path });
    if (state === "granted") continue;
    return { unavailable: "This server may not write where its runs keep their files, so it can keep no evidence." };
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
