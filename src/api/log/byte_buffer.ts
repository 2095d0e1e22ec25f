const FIRST_CAPACITY = 65_536;
/** A buffer that grew past this is given back when it is cleared. */
const KEEP_CAPACITY = 262_144;
const ENCODER = new TextEncoder();

/** UTF-8 text that is gathered and reused: the log would otherwise make an array for every batch. */
export class ByteBuffer {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  /** Bytes gathered. */
  get length(): number {
    return this.#length;
  }

  /** Adds text. */
  append(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += ENCODER.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Adds what another buffer gathered. */
  appendAll(other: ByteBuffer): void {
    this.#reserve(other.#length);
    this.#bytes.set(other.view(), this.#length);
    this.#length += other.#length;
  }

  /** The bytes from `start` on, valid until the next change. */
  view(start = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(start, this.#length);
  }

  /** Forgets everything. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEEP_CAPACITY) this.#bytes = new Uint8Array(FIRST_CAPACITY);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    grown.set(this.view());
    this.#bytes = grown;
  }
}
