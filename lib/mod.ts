/**
 * westorrent as a library: the download, and the parts it is made of.
 *
 * ```ts ignore
 * import { download, parseMetainfo } from "./lib/mod.ts";
 *
 * const metainfo = parseMetainfo(await Deno.readFile("file.torrent"));
 * for await (const event of download(metainfo, { directory: "." })) {
 *   if (event.kind === "progress") console.log(event.haveBytes, event.totalBytes);
 * }
 * ```
 *
 * Nothing here prints, reads Deno.args or ends the process.
 *
 * @module
 */
export { download, type DownloadOptions, type PeerOptions } from "./download.ts";
export { seed, type SeedGoal, type SeedOptions } from "./seed.ts";
export type { SeedableStore } from "./storage/seed_store.ts";
export type { CheckingEvent, DownloadEvent, ProgressEvent } from "./events.ts";

export { type CreateEvent, createTorrent, type HashingEvent } from "./create/create_torrent.ts";
export type { CreateOptions } from "./create/create_options.ts";

// The stages, in the order of the data, and what they share.
export {
  type AnnounceOptions,
  Announcer,
  type TrackerEvent,
  type TransferStats,
} from "./tracker/announce.ts";
export { connect, type ConnectOptions } from "./peers/connect.ts";
export {
  Downloads,
  type DownloadsOptions,
  type FullRun,
  requestBlocks,
  type RequestOptions,
} from "./blocks/request.ts";
export { type HashedPiece, storeBlocks, type StoreBlocksOptions } from "./storage/store_blocks.ts";
export { type SettleOptions, settlePieces } from "./pieces/settle.ts";
export {
  Ledger,
  type LedgerOptions,
  type Need,
  type OpenPiece,
  type Run,
  type Source,
  type SourceId,
} from "./ledger.ts";
export { Swarm, type SwarmOptions } from "./peers/swarm.ts";
export type { ExtensionHandshake } from "./peers/extension.ts";
export { ReadBuffers } from "./peers/read_buffers.ts";
export type { Outbox } from "./peers/outbox.ts";
export type { Haves, Introduction, PeerRole, Role, Session } from "./peers/session.ts";
export type { Wire } from "./peers/wire.ts";
export { type Outcome, PeerBook } from "./peers/peer_book.ts";
export { BanList, type BanSubject } from "./peers/ban_list.ts";
export {
  type Datagram,
  type DatagramHandler,
  UdpSocket,
  type UdpSocketOptions,
} from "./base/udp_socket.ts";
export type { Encryption } from "./peers/encryption.ts";
export type { RateLimits } from "./peers/throttle.ts";
export type { Clock } from "./base/clock.ts";
export type { Memory } from "./base/memory.ts";
export type { Resolve } from "./tracker/url.ts";

export {
  BencodeError,
  GaveUpError,
  MetainfoError,
  PeerError,
  type PeerErrorReason,
  StorageError,
  TrackerError,
  type TrackerErrorOptions,
} from "./base/errors.ts";
export { formatAddress, parseAddress, type PeerAddress } from "./base/address.ts";
export { makePeerId, type PeerId, USER_AGENT, VERSION } from "./base/identity.ts";

export {
  type BencodeDictionary,
  type BencodeInput,
  type BencodeList,
  type BencodeValue,
  decodeBencode,
  type DecodeOptions,
  encodeBencode,
} from "./torrent/bencode.ts";
export { BLOCK_LENGTH, type FileExtent, type FileSpan, Geometry } from "./torrent/geometry.ts";
export { choosePieceLength, isPieceLength } from "./torrent/piece_length.ts";
export {
  type InfoHash,
  type Metainfo,
  parseMetainfo,
  readMetainfo,
  type TorrentFile,
} from "./torrent/metainfo.ts";

export { type AddressFamily, decodeCompactPeers } from "./base/compact.ts";
export {
  type MockTracker,
  type MockTrackerOptions,
  serveMockTracker,
} from "./tracker/mock_server.ts";

export {
  decodeHandshake,
  encodeHandshake,
  type Handshake,
  type HandshakeOptions,
} from "./peers/handshake.ts";
export {
  type BlockRequest,
  decodeMessage,
  type Message,
  type MessagePlace,
  PieceMessage,
} from "./peers/message.ts";

export type { FilesOptions } from "./storage/files.ts";
export { openDiskStore, type OpenDiskStoreOptions } from "./storage/open.ts";
export type { DiskStoreOptions } from "./storage/disk_store.ts";
export type { StoredTorrent, TorrentLayout } from "./storage/stored_torrent.ts";
export { MemoryStore } from "./storage/memory.ts";
export type {
  CheckProgress,
  Outcome as PutOutcome,
  Resumed,
  RunBytes,
  Store,
} from "./storage/store.ts";
export { type FileFault, verify, type VerifyEvent, type VerifyOptions } from "./storage/verify.ts";
