import { crc32, inflateRawSync } from "node:zlib";
import { Buffer } from "node:buffer";

/** Why the bytes are no usable archive; caught by the archive reader, which names the file. */
export class ZipError extends Error {
  /** Always the class name. */
  override readonly name: string = "ZipError";
}

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
/** A month of minutes is 7 MB; what claims more than this is no archive of candles. */
const MAX_MEMBER_BYTES = 256 * 1024 * 1024;

/**
 * The one member of a zip, unpacked, after checking that it is the only one, has the expected name, and agrees with
 * the size and CRC-32 of the central directory (local headers of streamed zips carry zeros instead).
 *
 * @throws {ZipError}
 */
export function readOnlyMember(zip: Uint8Array, expectedName: string): Uint8Array {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = findEnd(view);
  const members = view.getUint16(end + 10, true);
  if (members !== 1) throw new ZipError(`it holds ${members} members instead of one`);
  const central = view.getUint32(end + 16, true);
  if (central + CENTRAL_BYTES > zip.length || view.getUint32(central, true) !== CENTRAL_SIGNATURE) {
    throw new ZipError("its central directory is damaged");
  }
  const flags = view.getUint16(central + 8, true);
  if ((flags & 1) !== 0) throw new ZipError("its member is encrypted");
  const method = view.getUint16(central + 10, true);
  const expectedCrc = view.getUint32(central + 16, true);
  const packedSize = view.getUint32(central + 20, true);
  const size = view.getUint32(central + 24, true);
  const name = textOf(zip, central + CENTRAL_BYTES, view.getUint16(central + 28, true));
  if (name !== expectedName) throw new ZipError(`its member is '${name}' instead of '${expectedName}'`);
  if (size > MAX_MEMBER_BYTES) throw new ZipError(`its member claims ${size} bytes`);
  const packed = memberBytes(zip, view, view.getUint32(central + 42, true), packedSize);
  const bytes = unpack(packed, method, size);
  if (bytes.length !== size) throw new ZipError(`its member has ${bytes.length} bytes instead of ${size}`);
  // node:zlib's types want a Buffer or view; the result is a plain number.
  const actualCrc = crc32(bytes);
  if (actualCrc !== expectedCrc) {
    throw new ZipError(`its CRC-32 is ${hex(actualCrc)} instead of ${hex(expectedCrc)}`);
  }
  return bytes;
}

function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - MAX_COMMENT);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  throw new ZipError(`it has no end record (${view.byteLength} bytes): it is cut off or no zip`);
}

function memberBytes(zip: Uint8Array, view: DataView, local: number, packedSize: number): Uint8Array {
  if (local + LOCAL_BYTES > zip.length || view.getUint32(local, true) !== LOCAL_SIGNATURE) {
    throw new ZipError("its local header is damaged");
  }
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + packedSize > zip.length) throw new ZipError("its member runs past the end of the file");
  return zip.subarray(start, start + packedSize);
}

function unpack(packed: Uint8Array, method: number, size: number): Uint8Array {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw new ZipError(`its compression method ${method} is not supported`);
  try {
    const unpacked: Buffer = inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
    return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
  } catch (error) {
    throw new ZipError(`its member does not unpack: ${(error as Error).message}`, { cause: error });
  }
}

function textOf(zip: Uint8Array, start: number, length: number): string {
  return new TextDecoder().decode(zip.subarray(start, start + length));
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
