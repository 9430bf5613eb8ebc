/**
 * The name of the client that a peer id speaks of (BEP 20), for people to read: peers may say anything.
 *
 * @module
 */
import { decodeLatin1 } from "../base/text.ts";

/** Clients by the two letters of the usual style: `-TR3000-` and 12 more bytes. */
const CLIENTS: ReadonlyMap<string, string> = new Map(Object.entries({
  "7T": "aTorrent",
  AG: "Ares",
  AZ: "Azureus",
  BC: "BitComet",
  BI: "BiglyBT",
  BT: "BitTorrent",
  DE: "Deluge",
  FD: "Free Download Manager",
  GT: "Go torrent",
  KT: "KTorrent",
  LT: "libtorrent",
  PI: "PicoTorrent",
  RN: "rain",
  SD: "Thunder",
  TR: "Transmission",
  TX: "Tixati",
  UE: "uTorrent Embedded",
  UM: "uTorrent Mac",
  UT: "uTorrent",
  UW: "uTorrent Web",
  WE: "westorrent",
  WW: "WebTorrent",
  XL: "Xunlei",
  lt: "rTorrent",
  qB: "qBittorrent",
  rQ: "rqbit",
}));

/** Clients that write their version with dashes: `A2-1-36-0-`, `M7-9-2--`. */
const DASHED: ReadonlyMap<string, string> = new Map([["A2", "aria2"], ["M", "BitTorrent"]]);

/** One character a number: A stands for 10. */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The client's name and version, such as `Transmission 3.0.0`; the first letters of an id that names
 * no client known here; `unknown client` for bytes that are no letters. Never a control character.
 */
export function clientName(peerId: Uint8Array): string {
  const id = decodeLatin1(peerId.subarray(0, 20));
  const match = /^-([A-Za-z0-9]{2})([0-9A-Za-z]{4})-/.exec(id);
  if (match !== null) return azureusName(match[1] ?? "", match[2] ?? "");
  const dashed = /^(A2|M)-?(\d{1,3}(?:-\d{1,3}){1,2})-/.exec(id);
  if (dashed !== null) {
    return `${DASHED.get(dashed[1] ?? "")} ${(dashed[2] ?? "").replaceAll("-", ".")}`;
  }
  const letters = /^[\w.+-]{3,8}/.exec(id)?.[0] ?? "";
  return letters === "" ? "unknown client" : `unknown client "${letters}"`;
}

function azureusName(letters: string, version: string): string {
  const name = CLIENTS.get(letters) ?? `unknown client "${letters}"`;
  return `${name} ${versionOf(version)}`;
}

/** `3000` is 3.0.0, `4A10` 4.10.1: the fourth place is a build's mark, shown when it is a digit other than 0. */
function versionOf(version: string): string {
  const parts = [...version].map((digit) => DIGITS.indexOf(digit.toUpperCase()));
  if (parts.at(-1) === 0 || !/\d$/.test(version)) parts.pop();
  return parts.join(".");
}
