/** Trackers that answer as a test says, honest ones and others, on loopback. */
import { createSocket } from "node:dgram";
import type { AnnounceRequest } from "../../lib/tracker/request.ts";

/** A request as it might be, to be spread over. */
export const REQUEST: AnnounceRequest = {
  infoHash: Uint8Array.from({ length: 20 }, (_, index) => 0xf8 + index),
  peerId: new TextEncoder().encode("-WE0100-abcdefghijkl"),
  port: 51413,
  uploadedBytes: 1,
  downloadedBytes: 2,
  leftBytes: 2 ** 40,
  event: "started",
  numWant: 50,
  key: 0xbeef,
};

/** A tracker over HTTP. */
export interface HttpVillain extends AsyncDisposable {
  /** Of path `/announce`. */
  readonly url: string;
  readonly port: number;
  /** The query of every request, decoded as Latin-1 where it matters. */
  readonly requests: URL[];
}

/** Serves what `answer` says; requests are recorded. */
export function serveHttp(answer: (request: Request) => Response | Promise<Response>): HttpVillain {
  const requests: URL[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  const server = Deno.serve(options, (request) => {
    requests.push(new URL(request.url));
    return answer(request);
  });
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}/announce`,
    port,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A tracker over TCP that says `bytes` to whoever connects, and then nothing. */
export function serveRaw(bytes: string, onRequest = () => {}): HttpVillain {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.read(new Uint8Array(4096));
      onRequest();
      await connection.write(new TextEncoder().encode(bytes));
      if (bytes !== "" && !bytes.endsWith("...")) connection.closeWrite();
    }
  })();
  const { port } = listener.addr;
  return {
    url: `http://127.0.0.1:${port}/announce`,
    port,
    requests: [],
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) connection.close();
      await serving.catch(() => {}); // closing is how it ends
    },
  };
}

/** One packet that a UDP villain got, and the way back. */
export interface UdpCall {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** 0 connect, 1 announce. */
  readonly action: number;
  readonly from: { readonly address: string; readonly port: number };
  /** Sends back action, transaction id and the rest, in hexadecimal. */
  reply(action: number, rest: string): void;
  /** Sends back just these bytes. */
  replyRaw(bytes: Uint8Array): void;
}

/** A tracker over UDP. */
export interface UdpVillain extends AsyncDisposable {
  readonly url: string;
  readonly calls: UdpCall[];
}

/** Serves what `answer` says; packets are recorded. */
export async function serveUdp(answer: (call: UdpCall) => void): Promise<UdpVillain> {
  const socket = createSocket("udp4");
  const calls: UdpCall[] = [];
  socket.on("message", (bytes, from) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const replyRaw = (reply: Uint8Array) => socket.send(reply, from.port, from.address);
    const reply = (action: number, rest: string) => {
      const id = view.getUint32(12).toString(16).padStart(8, "0");
      replyRaw(Uint8Array.fromHex(action.toString(16).padStart(8, "0") + id + rest));
    };
    const call = { bytes, view, action: view.getUint32(8), from, reply, replyRaw };
    calls.push(call);
    answer(call);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    url: `udp://127.0.0.1:${socket.address().port}/announce`,
    calls,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** The connection id that honest() gives. */
export const CONNECTION_ID = "0123456789abcdef";

/** Answers as a tracker should: two peers, 1.2.3.4:1 and 5.6.7.8:2, and an interval of 1800 s. */
export function honest(call: UdpCall): void {
  if (call.action === 0) call.reply(0, CONNECTION_ID);
  else call.reply(1, "00000708" + "00000001" + "00000002" + "010203040001" + "050607080002");
}
