/**
 * What can go wrong with the service, each tried on the real process under its own permissions. The test runs them all;
 * `task faults -- api` runs them too and keeps the outcomes for the docs.
 *
 * @module
 */
import { AWAY_FAULTS } from "./api_faults_away.ts";
import { DISK_FAULTS } from "./api_faults_disk.ts";
import { NETWORK_FAULTS } from "./api_faults_network.ts";

/** Something that goes wrong, and what the service does about it. */
export interface ApiFault {
  /** What goes wrong. */
  readonly name: string;
  /** Whether it takes Python to bring it about, which a machine may lack. @default false */
  readonly needsPython?: boolean;
  /** Tries it and says what was seen; throws where that is not as it should be. */
  readonly run: () => Promise<string>;
}

/** Every fault, in the order of the docs. */
export const API_FAULTS: readonly ApiFault[] = [...NETWORK_FAULTS, ...DISK_FAULTS, ...AWAY_FAULTS];
