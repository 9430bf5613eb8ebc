/**
 * What a disk's thread does when it is called.
 *
 * @module
 */
import { loadPlatformSha1 } from "../../torrent/sha1.ts";
import { LocalDisk } from "../local_disk.ts";
import { decodeLayout } from "../stored_torrent.ts";
import type { CallMessage, CallName, Calls, OpenArgument } from "./calls.ts";
import { RingReader } from "./ring.ts";

/** Where runs of blocks come from, and go to. */
export interface Feed {
  readonly ring: RingReader;
  /** Where the runs lie. */
  readonly memory: Uint8Array;
  readonly disk: LocalDisk;
}

type Handlers = {
  readonly [Name in CallName]: (
    argument: Calls[Name]["argument"],
  ) => Calls[Name]["result"] | Promise<Calls[Name]["result"]>;
};

/** Holds the disk, and answers calls. */
export class Desk {
  /** The ring to be served, in a thread that stores. */
  feed: Feed | undefined;
  readonly #onShortage: () => boolean;
  #opened: LocalDisk | undefined;
  #wanted: Uint8Array = new Uint8Array();

  /** @param onShortage asks the other side to close a connection; whether it has */
  constructor(onShortage: () => boolean) {
    this.#onShortage = onShortage;
  }

  /** Does what is asked. @throws what comes of it */
  async answer(call: CallMessage): Promise<unknown> {
    const handle = this.#handlers[call.name] as (argument: unknown) => unknown;
    return await handle(call.argument);
  }

  readonly #handlers: Handlers = {
    open: (argument) => this.#open(argument),
    want: (wanted) => void (this.#wanted = wanted),
    hash: (range) => this.#disk.hashNow(range, this.#wanted),
    makeHashes: (range) => this.#disk.makeHashesNow(range),
    probe: (pieces) => this.#disk.probe(pieces),
    put: (runs) => this.#disk.put(runs),
    digests: (pieceIndex) => this.#disk.digests(pieceIndex),
    create: (fileIndices) => this.#disk.create(fileIndices),
    truncate: (fileIndices) => this.#disk.truncate(fileIndices),
    soil: (pieces) => this.#disk.soil(pieces),
    sync: () => this.#disk.sync(),
    freeBytes: () => this.#disk.freeBytes(),
    close: () => this.#opened?.[Symbol.asyncDispose](),
  };

  /** @throws {TypeError} when nothing was opened */
  get #disk(): LocalDisk {
    if (this.#opened === undefined) throw new TypeError("Nothing was opened in this thread");
    return this.#opened;
  }

  async #open({ torrent, directory, maxOpenFiles, feed }: OpenArgument): Promise<void> {
    await loadPlatformSha1();
    const disk = new LocalDisk(decodeLayout(torrent), directory, {
      ...(maxOpenFiles === undefined ? {} : { maxOpenFiles }),
      onDescriptorShortage: this.#onShortage,
    });
    this.#opened = disk;
    if (feed === undefined) return;
    this.feed = { ring: new RingReader(feed.ring), memory: new Uint8Array(feed.memory), disk };
  }
}
