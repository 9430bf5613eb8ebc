/** The ledger and the picker with many pieces and peers: what one event costs must not grow with either. */
import { emptyBits, fullBits, setBit } from "../../lib/base/bits.ts";
import { pickBlocks } from "../../lib/blocks/picker.ts";
import { Ledger, type OpenPiece, type Source } from "../../lib/ledger.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { randomOf } from "../torrent/helpers.ts";

const PIECE_LENGTH = 256 * 1024;
const EVENTS = 1000;
/** A prime: pieces in no order, none of them twice. */
const STRIDE = 7919;

const random = randomOf(1);

interface Crowd {
  readonly ledger: Ledger;
  readonly sources: readonly Source[];
}

function makeLedger(pieceCount: number, verified = emptyBits(0)): Ledger {
  const file = { lengthBytes: pieceCount * PIECE_LENGTH, isPadding: false };
  return new Ledger(new Geometry([file], PIECE_LENGTH), { verified });
}

function join(ledger: Ledger, bits: Uint8Array): Source {
  const source = ledger.holdings.add();
  ledger.holdings.setHaves(source, bits);
  ledger.setServing(source, "serving");
  return source;
}

/** So many pieces, some twice, from the first `below`. */
function randomBits(pieceCount: number, count: number, below = pieceCount): Uint8Array {
  const bits = emptyBits(pieceCount);
  for (let n = 0; n < count; n++) setBit(bits, random(below));
  return bits;
}

/** Peers of which each has a random half of the pieces; every tenth has all. */
function gather(pieceCount: number, peerCount: number): Crowd {
  const ledger = makeLedger(pieceCount);
  const sources = Array.from({ length: peerCount }, (_, index) => {
    const isSeed = index % 10 === 0;
    const bits = isSeed ? fullBits(pieceCount) : randomBits(pieceCount, pieceCount / 2);
    return join(ledger, bits);
  });
  return { ledger, sources };
}

function pick({ ledger }: Crowd, source: Source, count: number): OpenPiece[] {
  const pieces: OpenPiece[] = [];
  const ask = (piece: OpenPiece) => void pieces.push(piece);
  pickBlocks(
    {
      ledger,
      source,
      isOurs: () => true,
      doubling: { mayHelp: () => false, helpsWith: () => false },
      ask,
    },
    count,
    "usual",
  );
  return pieces;
}

/** A whole piece is picked, comes and is verified. */
function fetchPiece(crowd: Crowd, source: Source): void {
  const { ledger } = crowd;
  const [piece] = pick(crowd, source, PIECE_LENGTH / (16 * 1024));
  if (piece === undefined) throw new Error("Cannot go on: nothing is left to pick");
  for (let block = 0; block < piece.blockCount; block++) {
    ledger.hold(piece, block, source.id);
    ledger.unrequest(piece, block);
  }
  ledger.verify(piece);
}

const SIZES = [[100_000, 50], [1_000_000, 50], [1_000_000, 1000]] as const;

for (const [pieceCount, peerCount] of SIZES) {
  const size = `${pieceCount} pieces, ${peerCount} peers`;
  const { ledger, sources } = gather(pieceCount, peerCount);
  const anyone = () => sources[random(sources.length)] as Source;

  Deno.bench(`${EVENTS} pieces fetched: ${size}`, { group: "piece", n: 5, warmup: 1 }, (bench) => {
    bench.start();
    for (let n = 0; n < EVENTS; n++) fetchPiece({ ledger, sources }, anyone());
    bench.end();
  });
  let newcomer = ledger.holdings.add();
  Deno.bench(`${EVENTS} HAVEs: ${size}`, { group: "have" }, () => {
    for (let n = 0; n < EVENTS; n++) {
      const known = newcomer.haveCount;
      if (known < pieceCount / 2) ledger.holdings.addHave(newcomer, known * STRIDE % pieceCount);
      else {
        ledger.removeSource(newcomer);
        newcomer = ledger.holdings.add();
      }
    }
  });
  Deno.bench(`availability(): ${size}`, { group: "availability" }, () => {
    ledger.holdings.availability();
  });
  const some = emptyBits(pieceCount).fill(0x55);
  Deno.bench(`a peer comes and goes: ${size}`, { group: "bitfield" }, () => {
    ledger.removeSource(join(ledger, some));
  });
  Deno.bench(`a peer comes, others are asked, it goes: ${size}`, { group: "bitfield" }, () => {
    const source = join(ledger, some);
    pick({ ledger, sources }, anyone(), 1);
    ledger.removeSource(source);
    pick({ ledger, sources }, anyone(), 1);
    ledger.closeAll(() => {});
  });
  Deno.bench(
    `${EVENTS} pieces fetched, all asked for interest each time: ${size}`,
    { group: "interest", n: 5, warmup: 1 },
    () => {
      for (let n = 0; n < EVENTS; n++) {
        fetchPiece({ ledger, sources }, anyone());
        for (const source of sources) source.isUseful;
      }
    },
  );
}

/** Peers that have few of the pieces, or none of the rare ones, where others have plenty. */
const POOR: readonly (readonly [string, (pieceCount: number) => Uint8Array])[] = [
  ["10 pieces", (pieceCount) => randomBits(pieceCount, 10)],
  ["a 32nd", (pieceCount) => randomBits(pieceCount, pieceCount / 32)],
  ["the half that all have", (pieceCount) => randomBits(pieceCount, pieceCount, pieceCount / 2)],
];

for (const pieceCount of [8192, 1_000_000]) {
  // After the first few pieces, which are picked at random.
  const ledger = makeLedger(pieceCount, fullBits(8));
  const half = fullBits(pieceCount).fill(0, pieceCount / 16);
  for (let n = 0; n < 50; n++) join(ledger, n < 2 ? randomBits(pieceCount, pieceCount) : half);
  for (const [words, bitsOf] of POOR) {
    const source = join(ledger, bitsOf(pieceCount));
    Deno.bench(`pick for a peer with ${words} of ${pieceCount}`, { group: "poor" }, () => {
      pick({ ledger, sources: [] }, source, 1);
      ledger.closeAll(() => {});
    });
  }
  Deno.bench(`new Ledger() of ${pieceCount} pieces`, { group: "new" }, () => {
    makeLedger(pieceCount);
  });
  const verified = fullBits(pieceCount);
  Deno.bench(`new Ledger() of ${pieceCount} verified pieces`, { group: "new" }, () => {
    makeLedger(pieceCount, verified);
  });
}
