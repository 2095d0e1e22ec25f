import { cannotUse } from "./configured_path.ts";

/** Where log lines go. */
export interface LogSink {
  /** Writes whole lines; rejects where they could not all be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Lets go of what is open. */
  close(): void;
}

/** The process's stderr. A reader that stalls makes a write wait, not the event loop. */
export function stderrSink(): LogSink {
  return { write: (bytes) => writeAll(Deno.stderr, bytes), close() {} };
}

/**
 * A file that is appended to; past `maxBytes` it becomes `<path>.1`, in place of the one before, and a new one is begun.
 *
 * @throws {DomainError} `config-invalid` or `permission-denied` where it cannot be written.
 */
export async function fileSink(path: string, options: { readonly maxBytes: number }): Promise<LogSink> {
  let file: Deno.FsFile, size: number;
  const open = async () => {
    file = await Deno.open(path, { create: true, append: true, mode: 0o600 });
    size = (await file.stat()).size;
  };
  try {
    await open();
  } catch (error) {
    const place = { what: "the request log", path, setting: "requestLog.destination" };
    throw cannotUse(place, { verb: "write", cause: error });
  }
  return {
    async write(bytes) {
      if (size > 0 && size + bytes.length > options.maxBytes) {
        await Deno.rename(path, `${path}.1`);
        file.close();
        await open();
      }
      await writeAll(file, bytes);
      size += bytes.length;
    },
    close: () => file.close(),
  };
}

/** Writes all of the bytes, which a writer may take in parts. */
export async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await writer.write(bytes.subarray(offset));
}
