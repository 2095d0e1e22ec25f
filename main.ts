import { dispatch } from "./src/cli/dispatch.ts";
import type { CommandTable } from "./src/cli/dispatch.ts";

/** Subcommands, each loaded only when it is called. */
const COMMANDS: CommandTable = {
  ingest: { summary: "Bring candles into the feature store and prove them", load: () => import("./src/cli/ingest.ts") },
  track: { summary: "Train and score a model, and log it as a run", load: () => import("./src/cli/track.ts") },
  register: { summary: "Promote a run to a model version and an alias", load: () => import("./src/cli/register.ts") },
  api: { summary: "Serve the model at an alias over HTTP", load: () => import("./src/cli/api.ts") },
  "api-keys": {
    summary: "Make, list and revoke the keys of the service",
    load: () => import("./src/cli/api_keys.ts"),
  },
  "mlflow-ui": {
    summary: "Show runs and models; MLflow clients can log here",
    load: () => import("./src/cli/mlflow_ui.ts"),
  },
  "import-mlruns": {
    summary: "Bring an old MLflow file store (mlruns) into the database",
    load: () => import("./src/cli/import_mlruns.ts"),
  },
  report: { summary: "Render an ingestion or model report again", load: () => import("./src/cli/report.ts") },
  monitor: { summary: "Score logged forecasts against what happened", load: () => import("./src/cli/monitor.ts") },
  doctor: { summary: "Check versions, permissions, stores, locks, disk", load: () => import("./src/cli/doctor.ts") },
  demo: { summary: "Run the whole line on the bundled sample, offline", load: () => import("./src/cli/demo.ts") },
};

if (import.meta.main) Deno.exit(await dispatch(Deno.args, COMMANDS));
