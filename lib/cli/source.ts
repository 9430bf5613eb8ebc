/**
 * SOURCE to the bytes of a torrent: a file, standard input, or a URL.
 *
 * @module
 */
import { untilAborted } from "../base/async.ts";
import { MetainfoError } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import { ByteGatherer, MAX_SOURCE_LENGTH, tooLong } from "./byte_gatherer.ts";
import type { UrlOptions } from "./source_http.ts";

/** What reading a source needs. */
export interface SourceOptions extends UrlOptions {
  /** Where `-` reads from. */
  readonly stdin?: ByteReader;
}

/** Where bytes come from: Deno.stdin, a file. */
export interface ByteReader {
  read(into: Uint8Array): Promise<number | null>;
}

/**
 * Reads a source whole.
 *
 * @param source as checkSource() let it pass
 * @throws {MetainfoError} when it is longer than any torrent
 * @throws {Error} when it cannot be read; the signal's reason when it aborted
 */
export async function readSource(
  source: string,
  options: SourceOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (/^https?:\/\//i.test(source)) {
    const { downloadSource } = await import("./source_http.ts");
    return await downloadSource(source, options);
  }
  if (source !== "-") return await readFile(source, options.signal);
  const gathered = new ByteGatherer("standard input");
  return await readAll(gathered, options.stdin ?? Deno.stdin, options.signal);
}

async function readFile(path: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const shown = `"${printable(path, 300)}"`;
  try {
    using file = await Deno.open(path);
    const { size, isDirectory } = await file.stat();
    if (isDirectory) throw new Deno.errors.IsADirectory();
    if (size > MAX_SOURCE_LENGTH) throw tooLong(shown);
    return await readAll(new ByteGatherer(shown, size), file, signal);
  } catch (cause) {
    if (signal.aborted || cause instanceof MetainfoError) throw cause;
    throw new Error(`Cannot read ${shown}: ${describeReadError(cause)}`, { cause });
  }
}

/** Reads until the end: what claims to be small, or has no size, may go on for ever. */
async function readAll(
  gathered: ByteGatherer,
  reader: ByteReader,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  while (true) {
    const count = await untilAborted(reader.read(gathered.space()), signal);
    if (count === null) return gathered.bytes();
    gathered.commit(count);
  }
}

function describeReadError(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "Deno needs --allow-read for it";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}
