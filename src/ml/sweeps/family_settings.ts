import { DomainError, type ModelFamily } from "../../core/mod.ts";
import { featureSetOf } from "../features/mod.ts";

/** Groups of settings that belong to families; all others are shared. */
const FAMILY_GROUPS = ["mlp", "gbdt", "linear", "sequence"] as const;

const READ: Readonly<Record<ModelFamily, typeof FAMILY_GROUPS[number] | undefined>> = {
  mlp: "mlp",
  gbdt: "gbdt",
  linear: "linear",
  pyramid: "sequence",
  tcn: "sequence",
  gru: "sequence",
  har: undefined,
  contrarian: undefined,
  climatology: undefined,
};

/** Settings of another group that a family reads too: how the line that it starts at is fitted. */
const LINE_SETTINGS: readonly string[] = ["linear.everyMinutes", "linear.l2.direction"];
const STARTS_AT_LINE: readonly ModelFamily[] = ["mlp", "gbdt"];

/** What {@linkcode requireRead} checks. */
export interface ReadSettings {
  /** Settings that vary, by path: one of the families at least must read each. */
  readonly varied: readonly string[];
  /** Setting that a budget is spent on: all families must read it, or some would be fitted alike on each rung. */
  readonly budget: string | undefined;
  /** Families of the trials. */
  readonly families: readonly ModelFamily[];
  /** Of the sweep's file, for messages. */
  readonly path: string;
}

/** Refuses settings that no trial would read. @throws {DomainError} `config-invalid` naming file, path and family. */
export function requireRead({ varied, budget, families, path }: ReadSettings): void {
  const isRead = (setting: string) => (family: ModelFamily) => {
    const group = FAMILY_GROUPS.find((group) => setting.startsWith(`${group}.`));
    if (LINE_SETTINGS.includes(setting) && STARTS_AT_LINE.includes(family)) return true;
    return group === undefined || READ[family] === group;
  };
  for (const setting of varied) {
    if (!families.some(isRead(setting))) throw unread(`vary '${setting}' in '${path}'`, families);
  }
  if (budget === undefined) return;
  const deaf = families.filter((family) => !isRead(budget)(family));
  if (deaf.length > 0) throw unread(`spend the budget of '${path}' on '${budget}'`, deaf);
}

/** Refuses trials that are not fitted on the same rows. @throws {DomainError} `config-invalid` naming families and sets. */
export function requireOneSet(families: readonly ModelFamily[], path: string): void {
  const sets = families.map((family) => featureSetOf(family).name);
  if (new Set(sets).size <= 1) return;
  throw new DomainError(
    "config-invalid",
    `Cannot compare the trials of '${path}' as their families read different feature sets: ${
      families.map((family, i) => `${family} reads '${sets[i]}'`).join(", ")
    }`,
    { hint: "Write a sweep for each set" },
  );
}

function unread(what: string, families: readonly ModelFamily[]): DomainError {
  const reads = families.map((family) => {
    const group = READ[family];
    return `${family} reads ${group === undefined ? "shared settings alone" : `'${group}.*'`}`;
  });
  return new DomainError(
    "config-invalid",
    `Cannot ${what} as its trials are of the family ${families.join(", ")}, which does not read it: ${
      reads.join(", ")
    }`,
    { hint: "Set model in base, or --model, to a family that reads it, or name a setting that is read" },
  );
}
