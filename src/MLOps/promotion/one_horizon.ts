import {
  DomainError,
  isDomainError,
  type ModelVersion,
  registeredModelHorizon,
  registeredModelName,
  type Tracker,
} from "../../core/mod.ts";

/** Tag of a version, and parameter of a run: minutes ahead that its model forecasts. */
export const HORIZON_KEY = "horizon_minutes";

/** A model that is to hold an alias. */
interface Candidate {
  readonly runId: string;
  readonly horizonMinutes: number;
  readonly name: string;
  readonly alias: string;
}

/** Refuses a name of the project's own that stands for another horizon. @throws {DomainError} `usage` */
export function requireNameOfHorizon({ runId, horizonMinutes, name }: Omit<Candidate, "alias">): void {
  const named = registeredModelHorizon(name);
  if (named === undefined || named === horizonMinutes) return;
  const right = registeredModelName(horizonMinutes);
  throw new DomainError(
    "usage",
    `Cannot register run '${runId}' as '${name}': that name is for ${named} minutes ahead, its model forecasts ${horizonMinutes}`,
    { hint: `Leave --name out, or write --name ${right}` },
  );
}

/**
 * Refuses to follow a version of another horizon: whoever reads the alias would be told something else from then on.
 *
 * @throws {DomainError} `gate-refused`, which nothing forces.
 */
export async function requireSameHorizon(
  tracker: Tracker,
  { runId, horizonMinutes, name, alias }: Candidate,
  holder: ModelVersion | undefined,
): Promise<void> {
  if (holder === undefined) return;
  const held = await horizonOf(tracker, holder);
  if (held === undefined || held === horizonMinutes) return;
  throw new DomainError(
    "gate-refused",
    `Cannot register run '${runId}', ${horizonMinutes} minutes ahead, as version ${holder.version}, which holds ` +
      `${name}@${alias}, forecasts ${held}`,
    { hint: `Register it under another name, such as --name ${registeredModelName(horizonMinutes)}` },
  );
}

/** Undefined where neither the version nor its run says: it may be another program's. */
async function horizonOf(tracker: Tracker, { tags, runId }: ModelVersion): Promise<number | undefined> {
  const said = tags.find(({ key }) => key === HORIZON_KEY)?.value ?? await paramOf(tracker, runId);
  return said === undefined ? undefined : Number(said);
}

async function paramOf(tracker: Tracker, runId: string): Promise<string | undefined> {
  try {
    return (await tracker.getRun(runId)).params.find(({ key }) => key === HORIZON_KEY)?.value;
  } catch (error) {
    if (!isDomainError(error, "not-found", "input-invalid")) throw error;
    return undefined;
  }
}
