import type { CommandContext } from "./command.ts";

/** Who runs the command, as far as the system says. */
export function userName({ env }: Pick<CommandContext, "env">): string | undefined {
  return env("USER") ?? env("LOGNAME");
}
