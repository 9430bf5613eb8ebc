/** The ledger and the picker with many pieces and peers: what one event costs must not grow with either. */
import { emptyBits, setBit } from "../../lib/base/bits.ts";
import { pickBlocks } from "../../lib/blocks/picker.ts";
import { Ledger, type OpenPiece, type Source } from "../../lib/ledger.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { randomOf } from "../torrent/helpers.ts";

const PIECE_LENGTH = 256 * 1024;
const EVENTS = 1000;
/** A prime: pieces in no order, none of them twice. */
const STRIDE = 7919;

interface Crowd {
  readonly ledger: Ledger;
  readonly sources: readonly Source[];
}

/** Peers of which each has a random half of the pieces; every tenth has all. */
function gather(pieceCount: number, peerCount: number): Crowd {
  const file = { lengthBytes: pieceCount * PIECE_LENGTH, isPadding: false };
  const ledger = new Ledger(new Geometry([file], PIECE_LENGTH));
  const random = randomOf(1);
  const sources = Array.from({ length: peerCount }, (_, index) => {
    const source = ledger.holdings.add();
    const bits = emptyBits(pieceCount);
    if (index % 10 === 0) bits.fill(0xff, 0, pieceCount / 8);
    else for (let n = 0; n < pieceCount / 2; n++) setBit(bits, random(pieceCount));
    ledger.holdings.setHaves(source, bits);
    ledger.setServing(source, "serving");
    return source;
  });
  return { ledger, sources };
}

function pick({ ledger }: Crowd, source: Source, count: number): OpenPiece[] {
  const pieces: OpenPiece[] = [];
  pickBlocks({
    ledger,
    source,
    count,
    need: "usual",
    isWorthDoubling: () => false,
    ask: (piece) => void pieces.push(piece),
  });
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

const SIZES = [[10_000, 50], [1_000_000, 50], [1_000_000, 1000]] as const;

for (const [pieceCount, peerCount] of SIZES) {
  const size = `${pieceCount} pieces, ${peerCount} peers`;
  const { ledger, sources } = gather(pieceCount, peerCount);
  const random = randomOf(2);
  const anyone = () => sources[random(sources.length)] as Source;

  Deno.bench(`${EVENTS} pieces fetched: ${size}`, { group: "piece", n: 5 }, (bench) => {
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
  Deno.bench(`a peer comes and goes: ${size}`, { group: "bitfield" }, () => {
    const source = ledger.holdings.add();
    const bits = emptyBits(pieceCount).fill(0x55);
    ledger.holdings.setHaves(source, bits);
    ledger.removeSource(source);
  });
}
