/** Torrents whose blocks come as a test says, past everything that has to do with peers. */
import type { FullRun } from "../../lib/blocks/request.ts";
import { BLOCK, type Ledger, type LedgerOptions, type OpenPiece } from "../../lib/ledger.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { makeTorrent, type TorrentFixture } from "./torrent_fixture.ts";
import { deliver, KIB, makeLedger } from "./torrents.ts";

const MIB = 1024 * KIB;

/** One of each kind of geometry. */
export const TORRENTS: readonly (readonly [string, TorrentFixture])[] = [
  ["of one run, the last one short", makeTorrent({ files: 128 * KIB + 7, pieceLength: 64 * KIB })],
  ["that are no whole blocks", makeTorrent({ files: 100_000, pieceLength: 40_000 })],
  [
    "with padding",
    makeTorrent({
      files: [
        { path: "a", lengthBytes: 20 * KIB + 1 },
        { path: ".pad/1", lengthBytes: 44 * KIB - 1, isPadding: true },
        { path: "b", lengthBytes: 64 * KIB },
      ],
      pieceLength: 64 * KIB,
    }),
  ],
  [
    "of several runs, the last one short",
    makeTorrent({ files: 4 * MIB + 30_000, pieceLength: 4 * MIB + 16 }),
  ],
  [
    "of several runs, some of them padding",
    makeTorrent({
      files: [
        { path: "a", lengthBytes: 1_200_000 },
        { path: ".pad/1", lengthBytes: 4 * MIB - 1_200_000, isPadding: true },
        { path: "b", lengthBytes: 100_001 },
      ],
      pieceLength: 4 * MIB,
    }),
  ],
];

/** What a source sends: the torrent's bytes, or the first one of each block changed. */
export interface Sending {
  /** The source's id. */
  readonly source: number;
  readonly content: "right" | "wrong";
}

/** The blocks of one torrent on their way into a ledger. */
export class Delivery {
  readonly ledger: Ledger;
  readonly #fixture: TorrentFixture;

  constructor(fixture: TorrentFixture, options: LedgerOptions = {}) {
    this.#fixture = fixture;
    this.ledger = makeLedger(fixture.metainfo.geometry, options);
  }

  /** One block comes that was asked for. @returns its run, when that is full with it */
  send(piece: OpenPiece, block: number, { source, content }: Sending): FullRun[] {
    const { ledger } = this;
    const bytes = this.#blockOf(piece, block);
    if (content === "wrong") bytes[0] = (bytes[0] ?? 0) ^ 0xff;
    ledger.request(piece, block, source);
    deliver(ledger, { piece, block, source, bytes });
    ledger.unrequest(piece, block);
    const run = piece.runOf(block);
    if (!run.isFull) return [];
    ledger.budget.handOver(run);
    return [{ run, endsPiece: piece.isFull }];
  }

  /** All that is free of a piece comes. @returns the runs that are full with it, in order */
  fill(piece: OpenPiece, sending: Sending): FullRun[] {
    const blocks = [...piece.states.keys()].filter((block) => piece.states[block] === BLOCK.free);
    return blocks.flatMap((block) => this.send(piece, block, sending));
  }

  #blockOf({ pieceIndex }: OpenPiece, block: number): Uint8Array {
    const { geometry } = this.ledger;
    const start = geometry.pieceOffset(pieceIndex) + block * BLOCK_LENGTH;
    return this.#fixture.content.slice(start, start + geometry.requestLength(pieceIndex, block));
  }
}
