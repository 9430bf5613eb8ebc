/**
 * One question over UDP, and the gateway's answer.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import type { Clock } from "../base/clock.ts";
import { UdpSocket } from "../base/udp_socket.ts";
import { MappingError } from "./mapper.ts";

/** Where gateways take PCP and NAT-PMP (RFC 6887, section 19; RFC 6886, section 3). */
export const GATEWAY_PORT = 5351;

/** How long an answer is waited for before the question is sent again, in milliseconds. */
const WAITS_MS: readonly number[] = [250, 500, 1000];

/** What is asked of whom. */
export interface Question<T> {
  /** Sent to each of them. */
  readonly packets: readonly { readonly bytes: Uint8Array; readonly to: PeerAddress }[];
  /** Makes something of a packet from the gateway; undefined for one that is no answer. */
  readonly accept: (bytes: Uint8Array, from: PeerAddress) => T | undefined;
}

/** Who asks. */
export interface ExchangeOptions {
  /** Ours, on the gateway's side. */
  readonly localHost: string;
  /** Nobody else is listened to. */
  readonly gatewayHost: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks, a few times if need be.
 *
 * @throws {MappingError} when no answer comes in time; the signal's reason
 */
export async function exchange<T>(question: Question<T>, options: ExchangeOptions): Promise<T> {
  const { localHost, gatewayHost, clock, signal } = options;
  signal.throwIfAborted();
  await using socket = new UdpSocket({ bind: localHost });
  const answer = Promise.withResolvers<T>();
  const answered = new AbortController();
  using _ = socket.subscribe(({ bytes, from }) => {
    const value = from.host === gatewayHost ? question.accept(bytes, from) : undefined;
    if (value !== undefined) answer.resolve(value);
    return value !== undefined;
  });
  const waiting = { signal: AbortSignal.any([signal, answered.signal]) };
  const asking = ask(socket, question, { clock, ...waiting });
  try {
    return await Promise.race([answer.promise, asking]);
  } finally {
    answered.abort();
    await asking.catch(() => {}); // it has said so above, unless there was an answer
  }
}

/** Sends what there is to send, and does not wait for an answer. @throws {MappingError} */
export async function send(
  packet: { readonly bytes: Uint8Array; readonly to: PeerAddress },
  localHost: string,
): Promise<void> {
  await using socket = new UdpSocket({ bind: localHost });
  await sendAll(socket, [packet]);
}

async function ask<T>(
  socket: UdpSocket,
  { packets }: Question<T>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<never> {
  for (const waitMs of WAITS_MS) {
    await sendAll(socket, packets);
    await clock.delay(waitMs, { signal });
  }
  throw new MappingError("the gateway does not answer");
}

/** @throws {MappingError} when nothing could be sent: where a group cannot be reached, one host may */
async function sendAll(socket: UdpSocket, packets: Question<never>["packets"]): Promise<void> {
  const sent = await Promise.allSettled(packets.map(({ bytes, to }) => socket.send(bytes, to)));
  if (sent.some(({ status }) => status === "fulfilled")) return;
  const cause: unknown = sent.find((result) => result.status === "rejected")?.reason;
  const reason = cause instanceof Error ? cause.message : `${cause}`;
  throw new MappingError(`cannot send to the gateway: ${reason}`, { cause });
}
