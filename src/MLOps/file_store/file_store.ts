import { DomainError, quoted } from "../../core/mod.ts";
import { join, resolve } from "../artifacts/paths.ts";
import { isFile, isFolder, subfolders } from "./folders.ts";
import { Locations } from "./locations.ts";
import { META_FILE, readMeta } from "./meta_file.ts";
import { EXPERIMENT_META, type ExperimentMeta } from "./metas.ts";

/** Folder of deleted experiments. */
const TRASH = ".trash";
/** Folder of the registered models, and in an experiment that of its logged models. */
const MODELS = "models";
/** Folders of an experiment that are no runs. */
const RESERVED = new Set(["tags", "datasets", "traces", MODELS]);

/** Something in the store that is left out, as MLflow itself passes over it or a database has no place for it. */
export interface Skipped {
  /** The folder or file. */
  readonly path: string;
  /** Follows "as". */
  readonly why: string;
}

/** An experiment, with the names of what lies in it. */
export interface ExperimentFolder {
  /** Integer in text, which may have 18 digits. */
  readonly id: string;
  /** Its folder. */
  readonly path: string;
  /** Whether it lies in the trash. */
  readonly isTrashed: boolean;
  /** Its head. */
  readonly meta: ExperimentMeta;
  /** Names of the folders of its runs, which are their ids. */
  readonly runs: readonly string[];
  /** Names of the folders of its logged models, which are their ids. */
  readonly models: readonly string[];
  /** How many traces it has. */
  readonly traces: number;
}

/** An old file store of MLflow (`mlruns`), as its folders show it before any run is read. */
export class FileStore {
  /** Absolute path. */
  readonly root: string;
  /** Where artifacts are. */
  readonly locations: Locations;
  /** Experiments, deleted ones last. */
  readonly experiments: readonly ExperimentFolder[];
  /** Names of the folders of its registered models. */
  readonly registeredModels: readonly string[];
  /** Runs that lack folders without which MLflow lists them but cannot open them. */
  incompleteRuns = 0;
  /** What is left out, as far as it was looked at. */
  readonly skipped: Skipped[] = [];

  private constructor(root: string, movedFrom: string | undefined) {
    this.root = root;
    this.locations = new Locations(root, movedFrom);
    this.experiments = this.#unique([
      ...this.#experimentsIn(root, false),
      ...this.#experimentsIn(join(root, TRASH), true),
    ]);
    this.registeredModels = subfolders(this.registryPath());
  }

  /**
   * Looks through the folders of a store; `movedFrom` is where it was when its artifact locations were written.
   *
   * @throws {DomainError} `not-found` for no folder, `input-invalid` for one that is no store or has a bad file,
   * `permission-denied`.
   */
  static open(path: string, movedFrom?: string): FileStore {
    const root = resolve(path);
    if (!isFolder(root)) {
      throw new DomainError("not-found", `Cannot import '${root}' as there is no such folder`, {
        hint: "Name the folder of the old store: task import-mlruns -- --source DIR",
      });
    }
    if (isFile(join(root, META_FILE))) throw noStore(root);
    const store = new FileStore(root, movedFrom);
    const isStore = store.experiments.length > 0 || store.registeredModels.length > 0 || isFolder(join(root, TRASH));
    if (!isStore) throw noStore(root);
    return store;
  }

  /** The folder of the registered models. */
  registryPath(): string {
    return join(this.root, MODELS);
  }

  /** Notes something that is left out. */
  skip(path: string, why: string): undefined {
    this.skipped.push({ path, why });
    return undefined;
  }

  /** Without those whose number is taken: `7` and `007` are one, and so are the same in the store and its trash. */
  #unique(experiments: readonly ExperimentFolder[]): ExperimentFolder[] {
    const byId = new Map<string, ExperimentFolder>();
    for (const experiment of experiments) {
      const first = byId.get(experiment.id);
      if (first === undefined) byId.set(experiment.id, experiment);
      else this.skip(experiment.path, `experiment ${experiment.id} is that in '${first.path}'`);
    }
    return [...byId.values()];
  }

  *#experimentsIn(parent: string, isTrashed: boolean): Generator<ExperimentFolder> {
    for (const id of subfolders(parent)) {
      const path = join(parent, id);
      if (!isTrashed && (id === TRASH || id === MODELS)) continue;
      const isNumbered = /^\d+$/.test(id);
      // Beside a store there is more in its folder, such as the artifacts of our own.
      if (!isNumbered && !isFile(join(path, META_FILE))) continue;
      const meta = readMeta(path, EXPERIMENT_META);
      if (meta === undefined) {
        this.skip(path, `its ${META_FILE} is missing or empty, so MLflow knows no such experiment`);
      } else if (!isNumbered || BigInt.asIntN(64, BigInt(id)) !== BigInt(id)) {
        this.skip(path, "its name is no integer of 64 bits, which an experiment's id in a database is");
      } else if (meta.experiment_id !== id) {
        this.skip(path, `its ${META_FILE} says that it is experiment '${meta.experiment_id}'`);
      } else {
        yield {
          id: String(BigInt(id)),
          path,
          isTrashed,
          meta,
          runs: subfolders(path).filter((name) => !RESERVED.has(name) && this.#isRun(join(path, name))),
          models: subfolders(join(path, MODELS)).filter((name) => isFile(join(path, MODELS, name, META_FILE))),
          traces: subfolders(join(path, "traces")).length,
        };
      }
    }
  }

  #isRun(path: string): boolean {
    if (isFile(join(path, META_FILE))) return true;
    this.skip(path, `it has no ${META_FILE}, so MLflow knows no such run`);
    return false;
  }
}

function noStore(root: string): DomainError {
  const inside = subfolders(root).find((name) =>
    isFolder(join(root, name, TRASH)) || isFile(join(root, name, "0", META_FILE))
  );
  const isPart = isFile(join(root, META_FILE));
  return new DomainError("input-invalid", `Cannot import '${root}' as it is no file store of MLflow`, {
    hint: inside !== undefined
      ? `Name the store in it: task import-mlruns -- --source ${quoted(join(root, inside))}`
      : isPart
      ? "Name the whole store, which is a folder above: that with 0/ and .trash/ in it"
      : "Name the folder that holds the experiments, such as mlruns with 0/meta.yaml in it",
  });
}
