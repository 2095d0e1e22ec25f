import type {
  ArtifactInfo,
  ArtifactOwner,
  LoggedModel,
  ModelRegistry,
  ModelVersion,
  Run,
  Tracker,
} from "../../core/mod.ts";
import { type ArtifactFile, ArtifactFolder, contains, outside, plainPath } from "./artifact_folder.ts";
import { locateArtifacts, noSuchArtifact, safeArtifactPath } from "./artifact_path.ts";

/** Which folders {@linkcode ArtifactAccess} reads and writes. */
export interface ArtifactFolders {
  /** Folder behind `mlflow-artifacts:/`: what clients upload lies here. Unset where another server keeps the files. */
  readonly destination?: string;
  /** Further folders of this machine whose files may be shown: those that local commands log to. */
  readonly served: readonly string[];
  /**
   * Folder of the local store. Of it only folders named by an experiment's number may be shown: the Python client puts
   * artifacts there when it logs straight into the database; the database and the rest are nobody's artifacts.
   */
  readonly storeFolder?: string;
}

/** Something whose artifacts are shown: a run, a logged model, a version of a registered model. */
export interface ArtifactRoot {
  /** Where the files are, as an URI. */
  readonly uri: string;
  /** Direct children of a path, as paths from this root; none where it is a file or unknown. */
  list(path?: string): Promise<readonly ArtifactInfo[]>;
  /** A file. @throws {TrackingError} 404 where there is none. */
  open(path: string): Promise<ArtifactFile>;
  /** Stores a file. */
  write(path: string, content: Uint8Array): Promise<void>;
}

/**
 * Finds the files of runs and models by their artifact URI: in the server's own folder for what clients logged through
 * it, in a served folder for what commands on this machine logged, and through the store's adapter for the rest.
 */
export class ArtifactAccess {
  /** The folder behind `mlflow-artifacts:/`; unset where another server keeps the files, which its adapter asks. */
  readonly destination: ArtifactFolder | undefined;
  readonly #served: readonly string[];
  readonly #storeFolder: string | undefined;
  readonly #tracker: Tracker;
  readonly #registry: ModelRegistry;

  /** Serves these folders; `stores` are asked for files that lie elsewhere. */
  constructor(
    folders: ArtifactFolders,
    stores: { readonly tracker: Tracker; readonly registry: ModelRegistry },
  ) {
    const { destination } = folders;
    this.destination = destination === undefined ? undefined : new ArtifactFolder(destination);
    this.#served = [...(destination === undefined ? [] : [destination]), ...folders.served].map(plainPath);
    this.#storeFolder = folders.storeFolder === undefined ? undefined : plainPath(folders.storeFolder);
    this.#tracker = stores.tracker;
    this.#registry = stores.registry;
  }

  /** The artifacts of a run. */
  ofRun(run: Run): ArtifactRoot {
    return this.#root(run.info.artifactUri, this.#ofOwner({ runId: run.info.runId }));
  }

  /** The artifacts of a logged model. */
  ofLoggedModel(model: LoggedModel): ArtifactRoot {
    return this.#root(model.artifactUri, this.#ofOwner({ modelId: model.modelId }));
  }

  /** The model directory of a version. */
  async ofVersion(version: ModelVersion): Promise<ArtifactRoot> {
    const { name } = version;
    const uri = await this.#registry.downloadUri(name, version.version);
    return this.#root(uri, {
      list: (path) => this.#registry.listModelFiles(name, version.version, path),
      read: (path) => this.#registry.readModelFile(name, version.version, path),
    });
  }

  #ofOwner(owner: ArtifactOwner): RemoteFiles {
    return {
      list: (path) => this.#tracker.listArtifacts(owner, path),
      read: (path) => this.#tracker.readArtifact(owner, path),
      write: (path, content) => this.#tracker.writeArtifact(owner, path, content),
    };
  }

  #root(uri: string, remote: RemoteFiles): ArtifactRoot {
    const location = locateArtifacts(uri);
    if (location.kind === "other" || this.destination === undefined) return throughAdapter(uri, remote);
    if (location.kind === "proxied") return inFolder(uri, this.destination, location.path);
    const place = plainPath(location.path);
    const folder = this.#served.find((served) => contains(served, place)) ?? this.#experimentFolder(place);
    if (folder === undefined) throw outside(uri);
    return inFolder(uri, new ArtifactFolder(folder), place.slice(folder.length).replace(/^\/+/, ""));
  }

  /** The folder of an experiment in the store's folder that holds `place`. */
  #experimentFolder(place: string): string | undefined {
    const store = this.#storeFolder;
    if (store === undefined || !contains(store, place)) return undefined;
    const first = place.slice(store.length).replace(/^\/+/, "").split("/", 1)[0]!;
    return /^\d+$/.test(first) ? `${store}/${first}` : undefined;
  }
}

interface RemoteFiles {
  list(path: string): Promise<readonly ArtifactInfo[]>;
  read(path: string): Promise<Uint8Array>;
  write?(path: string, content: Uint8Array): Promise<void>;
}

function inFolder(uri: string, folder: ArtifactFolder, base: string): ArtifactRoot {
  const below = (path: string) => base === "" ? path : `${base}/${path}`;
  return {
    uri,
    async list(path = "") {
      const found = await folder.list(below(safeArtifactPath(path)));
      return base === "" ? found : found.map((info) => ({ ...info, path: info.path.slice(base.length + 1) }));
    },
    async open(path) {
      const plain = safeArtifactPath(path);
      if (plain === "") throw noSuchArtifact(plain); // the base itself is a folder, whatever lies there
      return { ...await folder.open(below(plain)), path: plain };
    },
    write: (path, content) => folder.write(below(safeArtifactPath(path)), content),
  };
}

function throughAdapter(uri: string, remote: RemoteFiles): ArtifactRoot {
  return {
    uri,
    list: async (path = "") => await remote.list(safeArtifactPath(path)),
    async open(path) {
      const plain = safeArtifactPath(path);
      const body = new Uint8Array(await remote.read(plain));
      return { path: plain, size: body.byteLength, body };
    },
    async write(path, content) {
      if (remote.write === undefined) throw outside(uri);
      await remote.write(safeArtifactPath(path), content);
    },
  };
}
