import { DomainError } from "../../../core/mod.ts";
import { addRowsRoomBytes, CHUNK_BINS, FEATURE_BYTES, MOVE_BYTES } from "./kernel/kernel.ts";
import { controlWords } from "./team.ts";

/** What decides the size of the memory. */
export interface MemoryShape {
  readonly trainRows: number;
  readonly validationRows: number;
  readonly features: number;
  readonly maxLeaves: number;
  readonly members: number;
  /** Whether rows have hessians of their own; else each is 1. */
  readonly hasHessians: boolean;
  /** Whether bins are kept by column too, which splits leaves faster and takes a byte a value more. */
  readonly hasBinColumns: boolean;
}

/** Rows of a task where rows are shared out; sums of floats are taken block by block, whoever takes a block. */
export const BLOCK_ROWS = 8192;
/** Most cuts of a feature. */
export const MAX_CUTS = 254;
/** Places of a feature's cuts; the kernel's search needs one more than there can be. */
export const CUT_PLACES: number = MAX_CUTS + 1;

const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;
const LINE_BYTES = 64;
/** AssemblyScript keeps its own constants at the start. */
const FIRST_ADDRESS = 4096;
/** Bytes of the rules and of a split (see the kernel), a cache line and two. */
export const RULES_BYTES: number = 2 * LINE_BYTES;
/** Bytes of a split record. */
export const SPLIT_BYTES: number = LINE_BYTES;
/** Features whose splits one thread searches at a time, and whose best split has one record. */
export const GROUP_FEATURES = 8;

/** Where everything lies in the shared memory; each thread works it out from the shape and gets the same. */
export class TrainingMemory {
  readonly memory: WebAssembly.Memory;
  readonly shape: MemoryShape;
  readonly groups: number;
  readonly allRows: number;
  readonly control: Int32Array;
  /** Row indices, thread by thread, in the spans of the leaves of the tree at hand. */
  readonly indices: Uint32Array;
  readonly labels: Float64Array;
  readonly scores: Float64Array;
  /** Bytes of a row of bins, which histograms are built from. */
  readonly rowBytes: number;
  /** Cuts of each feature in `CUT_PLACES` places, NaN after the last. */
  readonly cuts: Float32Array;
  readonly valueBins: Int32Array;
  /** A figure a block: counts, sums or largest values. */
  readonly blockFigures: Float64Array;
  /** Start and end of the span of the row indices whose histograms are at hand, thread by thread. */
  readonly sumSpans: Uint32Array;
  /** A figure a thread. */
  readonly memberFigures: Float64Array;
  readonly leafValues: Float64Array;
  /** Start and end of each leaf's span in the row indices, thread by thread. */
  readonly leafSpans: Uint32Array;
  readonly #at: {
    indices: number;
    right: number;
    labels: number;
    scores: number;
    cuts: number;
    values: number;
    binColumns: number;
    binRows: number;
    gradients: number;
    hessians: number;
    histograms: number;
    ownHistograms: number;
    rooms: number;
    rules: number;
    moves: number;
    sums: number;
    rootTotal: number;
    splits: number;
  };

  private constructor(memory: WebAssembly.Memory | undefined, shape: MemoryShape) {
    const { trainRows, validationRows, features, maxLeaves, members, hasHessians, hasBinColumns } = shape;
    this.shape = shape;
    this.groups = Math.ceil(features / GROUP_FEATURES);
    this.rowBytes = Math.ceil(features / CHUNK_BINS) * CHUNK_BINS;
    this.allRows = trainRows + validationRows;
    let end = FIRST_ADDRESS;
    const take = (bytes: number) => {
      const start = end;
      end += Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
      return start;
    };
    const control = take(controlWords(members) * 4), valueBins = take(features * 4);
    const blocks = Math.ceil(this.allRows / BLOCK_ROWS) + 1;
    const blockFigures = take(blocks * 8), memberFigures = take(members * 8), leafValues = take(maxLeaves * 8);
    const leafSpans = take(members * maxLeaves * 8), sumSpans = take(members * 8);
    this.#at = {
      labels: take(this.allRows * 8),
      scores: take(this.allRows * 8),
      cuts: take(features * CUT_PLACES * 4),
      values: take(members * BLOCK_ROWS * 4),
      indices: take(this.allRows * 4),
      right: take(this.allRows * 4),
      binColumns: take(hasBinColumns ? features * this.allRows : 0),
      binRows: take(this.allRows * this.rowBytes),
      gradients: take(trainRows * 4),
      hessians: take(hasHessians ? trainRows * 4 : 0),
      histograms: take(maxLeaves * features * FEATURE_BYTES),
      ownHistograms: take(members * features * FEATURE_BYTES),
      rooms: take(members * addRowsRoomBytes(this.rowBytes)),
      rules: take(members * RULES_BYTES),
      moves: take(members * movesBytes(this.rowBytes)),
      sums: take(members * LINE_BYTES),
      rootTotal: take(LINE_BYTES),
      splits: take(maxLeaves * this.groups * SPLIT_BYTES),
    };
    const pages = Math.ceil(end / PAGE_BYTES);
    if (pages > MAX_PAGES) {
      throw new DomainError(
        "input-invalid",
        `Cannot train on ${this.allRows} rows of ${features} features with ${maxLeaves} leaves: ` +
          `${Math.ceil(end / 2 ** 20)} MiB are needed where 4096 are addressable`,
        { hint: "Take fewer rows, features or leaves" },
      );
    }
    this.memory = memory ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { buffer } = this.memory;
    this.control = new Int32Array(buffer, control, controlWords(members));
    this.labels = new Float64Array(buffer, this.#at.labels, this.allRows);
    this.scores = new Float64Array(buffer, this.#at.scores, this.allRows);
    this.cuts = new Float32Array(buffer, this.#at.cuts, features * CUT_PLACES);
    this.valueBins = new Int32Array(buffer, valueBins, features);
    this.blockFigures = new Float64Array(buffer, blockFigures, blocks);
    this.memberFigures = new Float64Array(buffer, memberFigures, members);
    this.leafValues = new Float64Array(buffer, leafValues, maxLeaves);
    this.sumSpans = new Uint32Array(buffer, sumSpans, members * 2);
    this.leafSpans = new Uint32Array(buffer, leafSpans, members * maxLeaves * 2);
    this.indices = new Uint32Array(buffer, this.#at.indices, this.allRows);
  }

  /** New, zeroed memory. @throws {DomainError} `input-invalid` where it would not fit into 4 GiB */
  static allocate(shape: MemoryShape): TrainingMemory {
    return new TrainingMemory(undefined, shape);
  }

  /** The same memory as seen by another thread. */
  static attach(memory: WebAssembly.Memory, shape: MemoryShape): TrainingMemory {
    return new TrainingMemory(memory, shape);
  }

  /** Address of a place in the row indices. */
  indexAddress(position: number): number {
    return this.#at.indices + position * 4;
  }

  /** Address of room for rows that go right. */
  rightAddress(position: number): number {
    return this.#at.right + position * 4;
  }

  /** Address of a row's label. */
  labelAddress(row: number): number {
    return this.#at.labels + row * 8;
  }

  /** Address of a row's score. */
  scoreAddress(row: number): number {
    return this.#at.scores + row * 8;
  }

  /** Address of a feature's cuts. */
  cutsAddress(feature: number): number {
    return this.#at.cuts + feature * CUT_PLACES * 4;
  }

  /** Address of a thread's room for a block of values. */
  valuesAddress(member: number): number {
    return this.#at.values + member * BLOCK_ROWS * 4;
  }

  /** Address of a feature's bin in a row, among its column; 0 where there are no columns. */
  binColumnAddress(feature: number, row: number): number {
    return this.shape.hasBinColumns ? this.#at.binColumns + feature * this.allRows + row : 0;
  }

  /** Where a feature's bins begin, and how many bytes lie between those of two rows. */
  binsOf(feature: number): readonly [address: number, stride: number] {
    const column = this.binColumnAddress(feature, 0);
    return column !== 0 ? [column, 1] : [this.binRowAddress(feature, 0), this.rowBytes];
  }

  /** Address of a feature's bin in a row, among the row. */
  binRowAddress(feature: number, row: number): number {
    return this.#at.binRows + row * this.rowBytes + feature;
  }

  /** Address of a training row's gradient. */
  gradientAddress(row: number): number {
    return this.#at.gradients + row * 4;
  }

  /** Address of a training row's hessian; 0 where each is 1. */
  hessianAddress(row: number): number {
    return this.shape.hasHessians ? this.#at.hessians + row * 4 : 0;
  }

  /** Address of the histogram at a place of a leaf's slot. */
  histogramAddress(slot: number, place: number): number {
    return this.#at.histograms + (slot * this.shape.features + place) * FEATURE_BYTES;
  }

  /** Address of the histogram that a thread makes of its own rows. */
  ownHistogramAddress(member: number, place: number): number {
    return this.#at.ownHistograms + (member * this.shape.features + place) * FEATURE_BYTES;
  }

  /** Address of a thread's room for rows that it sums. */
  roomAddress(member: number): number {
    return this.#at.rooms + member * addRowsRoomBytes(this.rowBytes);
  }

  /** Address of a thread's moves, which pick the bins of a tree's features. */
  movesAddress(member: number): number {
    return this.#at.moves + member * movesBytes(this.rowBytes);
  }

  /** Address of an entry that a thread works with. */
  sumAddress(member: number): number {
    return this.#at.sums + member * LINE_BYTES;
  }

  /** Address of the total of all rows that a tree sees. */
  get rootTotalAddress(): number {
    return this.#at.rootTotal;
  }

  /** Address of a thread's rules. */
  rulesAddress(member: number): number {
    return this.#at.rules + member * RULES_BYTES;
  }

  /** Address of the best split of a group of features in a leaf's slot. */
  splitAddress(slot: number, group: number): number {
    return this.#at.splits + (slot * this.groups + group) * SPLIT_BYTES;
  }
}

/** As the features are in order, each move begins a chunk or uses one up. */
function movesBytes(rowBytes: number): number {
  return 2 * (rowBytes / CHUNK_BINS) * MOVE_BYTES;
}
