/**
 * SOURCE to a torrent: a file, standard input, or a URL.
 *
 * @module
 */
import { untilAborted } from "../base/async.ts";
import { BencodeError, MetainfoError } from "../base/errors.ts";
import { printable, redactUrl } from "../base/text.ts";
import { type Metainfo, readMetainfo } from "../torrent/metainfo.ts";
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
 * Reads the torrent that a source is. What is wrong with it is told with its name: a script may have many.
 *
 * @throws {MetainfoError} when it is no usable torrent; what readSource() throws
 */
export async function readTorrent(source: string, options: SourceOptions): Promise<Metainfo> {
  const bytes = await readSource(source, options);
  try {
    return await readMetainfo(bytes);
  } catch (cause) {
    if (!(cause instanceof BencodeError || cause instanceof MetainfoError)) throw cause;
    const message = `Cannot use ${shownSource(source)} as a torrent: ${cause.message}`;
    throw new MetainfoError(message, cause instanceof MetainfoError ? cause.key : "", { cause });
  }
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
  if (isUrl(source)) {
    const { downloadSource } = await import("./source_http.ts");
    return await downloadSource(source, options);
  }
  if (source !== "-") return await readFile(source, options.signal);
  const gathered = new ByteGatherer(shownSource(source));
  return await readAll(gathered, options.stdin ?? Deno.stdin, options.signal);
}

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** As errors name it. */
function shownSource(source: string): string {
  if (source === "-") return "standard input";
  return `"${isUrl(source) ? redactUrl(source) : printable(source, 300)}"`;
}

async function readFile(path: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const shown = shownSource(path);
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
