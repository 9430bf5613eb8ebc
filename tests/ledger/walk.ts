/** Random walks through a ledger. */
import type { Holder } from "../../lib/ledger/front.ts";
import { BLOCK, type Ledger, type OpenPiece, type Source } from "../../lib/ledger.ts";
import { drop, strandedRuns } from "../../lib/ledger/stranded.ts";
import { bitsOf } from "../support/torrents.ts";

/** A request that was not answered. */
interface Asked {
  readonly piece: OpenPiece;
  readonly block: number;
  readonly source: Source;
}

const EVERYBODY: Holder = { isComplete: true, bits: undefined, has: () => true };

/** Does to a ledger what peers would, at random, by its rules. */
export class Walk {
  readonly ledger: Ledger;
  readonly #random: (below: number) => number;
  readonly #sources: Source[] = [];
  #asked: Asked[] = [];

  constructor(ledger: Ledger, random: (below: number) => number) {
    this.ledger = ledger;
    this.#random = random;
  }

  step(): void {
    const actions = [
      () => this.#join(),
      () => this.#leave(),
      () => this.#haves(),
      () => this.#lose(),
      () => this.#finish(),
      () => this.#serve(),
      () => this.#open(),
      () => this.#open(),
      () => this.#ask(),
      () => this.#ask(),
      () => this.#ask(),
      () => this.#rush(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#giveUp(),
      () => this.#late(),
      () => this.#fill(),
      () => this.#store(),
      () => this.#drop(),
      () => this.#judge(),
    ];
    this.#pick(actions)?.();
  }

  /** Everybody leaves, and every open piece is closed. */
  end(): void {
    while (this.#sources.length > 0) this.#leave();
    this.ledger.closeAll(() => {});
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#random(items.length)];
  }

  #join(): void {
    if (this.#sources.length < 6) this.#sources.push(this.ledger.holdings.add());
  }

  #leave(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    this.#stop(source);
    this.ledger.removeSource(source);
    this.#sources.splice(this.#sources.indexOf(source), 1);
  }

  #haves(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    const { pieceCount } = this.ledger.geometry;
    if (this.#random(4) > 0) {
      this.ledger.holdings.addHave(source, this.#random(pieceCount));
      return;
    }
    const density = this.#random(5);
    const pieces = Array(pieceCount).keys().filter(() => this.#random(4) < density);
    this.ledger.holdings.setHaves(source, bitsOf(pieceCount, pieces));
  }

  #lose(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    const pieceIndex = this.#random(this.ledger.geometry.pieceCount);
    const isLost = ({ piece, source: other }: Asked) =>
      other === source && piece.pieceIndex === pieceIndex;
    for (const { piece, block } of this.#asked.filter(isLost)) this.ledger.unrequest(piece, block);
    this.#asked = this.#asked.filter((asked) => !isLost(asked));
    this.ledger.lose(source, pieceIndex);
  }

  /** The source tells of what it lacks, most often of all. */
  #finish(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    const { geometry: { pieceCount }, holdings } = this.ledger;
    const end = this.#random(4) === 0 ? this.#random(pieceCount) : pieceCount;
    for (let pieceIndex = 0; pieceIndex < end; pieceIndex++) {
      holdings.addHave(source, pieceIndex);
    }
  }

  #serve(): void {
    const source = this.#pick(this.#sources);
    if (source?.isServing) this.#stop(source);
    else if (source !== undefined) this.ledger.setServing(source, "serving");
  }

  #stop(source: Source): void {
    this.ledger.setServing(source, "silent");
    for (const { piece, block } of this.#asked.filter((asked) => asked.source === source)) {
      this.ledger.unrequest(piece, block);
    }
    this.#asked = this.#asked.filter((asked) => asked.source !== source);
  }

  #open(): void {
    const pieceIndex = this.ledger.rarity.rarest(this.#pick(this.#sources) ?? EVERYBODY);
    if (pieceIndex !== undefined) this.ledger.open(pieceIndex);
  }

  #ask(): void {
    const source = this.#pick(this.#sources);
    const piece = this.#pick([...this.ledger.openPieces]);
    if (source === undefined || piece === undefined) return;
    this.#askFor(piece, this.#random(piece.blockCount), source);
  }

  /** A source asks for something of every run, of new pieces, too: as if the budget had no end. */
  #rush(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    for (let count = 0; count < 10; count++) this.#open();
    for (const { runs } of this.ledger.openPieces) {
      for (const { piece, firstBlock, blockCount } of runs) {
        this.#askFor(piece, firstBlock + this.#random(blockCount), source);
      }
    }
  }

  #askFor(piece: OpenPiece, block: number, source: Source): void {
    const isMine = this.#asked.some((asked) =>
      asked.piece === piece && asked.block === block && asked.source === source
    );
    if (piece.states[block] === BLOCK.held || isMine) return;
    const need = this.#random(2) === 0 ? "usual" : "starved";
    const isFree = piece.states[block] === BLOCK.free;
    if (isFree && !this.ledger.isAffordable(piece, block, need)) return;
    this.ledger.request(piece, block, source.id);
    this.#asked.push({ piece, block, source });
  }

  #answer(): void {
    const at = this.#random(this.#asked.length);
    const [asked] = this.#asked.splice(at, 1);
    if (asked === undefined) return;
    const { piece, block, source } = asked;
    const isOpen = this.ledger.openPiece(piece.pieceIndex) === piece;
    if (isOpen) this.#come(piece, block, source);
    this.ledger.unrequest(piece, block);
  }

  #giveUp(): void {
    const [asked] = this.#asked.splice(this.#random(this.#asked.length), 1);
    if (asked !== undefined) this.ledger.unrequest(asked.piece, asked.block);
  }

  /** A block comes that was given up before. */
  #late(): void {
    const source = this.#pick(this.#sources);
    const piece = this.#pick([...this.ledger.openPieces]);
    if (source === undefined || piece === undefined) return;
    this.#come(piece, this.#random(piece.blockCount), source);
  }

  /** All that is missing of a run comes late. */
  #fill(): void {
    const source = this.#pick(this.#sources);
    const run = this.#pick(this.#pick([...this.ledger.openPieces])?.runs ?? []);
    if (source === undefined || run === undefined) return;
    const { piece, firstBlock, blockCount } = run;
    for (let at = 0; at < blockCount; at++) this.#come(piece, firstBlock + at, source);
  }

  /** A block comes, unless it is held, or there is no room for it. */
  #come(piece: OpenPiece, block: number, source: Source): void {
    if (piece.states[block] === BLOCK.held) return;
    const place = this.ledger.place(piece, block);
    if (place === undefined) return;
    this.ledger.hold(piece, block, source.id);
    this.ledger.budget.memory.view.setUint32(place, markOf(piece, block));
    const run = piece.runOf(block);
    if (run.isFull) this.ledger.budget.handOver(run);
  }

  /** A full run is on disk. */
  #store(): void {
    const runs = [...this.ledger.openPieces].flatMap((piece) => piece.runs);
    const run = this.#pick(runs.filter(({ isFull, start }) => isFull && start !== undefined));
    if (run !== undefined) this.ledger.release(run);
  }

  /** There is no room for what nobody can finish. */
  #drop(): void {
    const run = this.#pick(strandedRuns(this.ledger));
    if (run !== undefined) drop(this.ledger, run);
  }

  #judge(): void {
    const piece = this.#pick([...this.ledger.openPieces].filter(({ isFull }) => isFull));
    if (piece === undefined) return;
    const verdict = this.#random(4);
    if (verdict < 2) this.ledger.verify(piece);
    else this.ledger.reject(piece, verdict === 2 ? piece.contributors() : undefined);
  }
}

/** What the first bytes of a block are in the walk. */
export function markOf({ pieceIndex }: OpenPiece, block: number): number {
  return 1 + pieceIndex * 1000 + block;
}
