import { API_FAULTS } from "./api_faults.ts";

for (const { name, run } of API_FAULTS) {
  Deno.test(`api: ${name}`, async () => void await run());
}
