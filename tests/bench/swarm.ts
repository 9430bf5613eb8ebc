/**
 * A whole download by main.ts, as users run it, from seeders in processes of their own: MB/s, CPU seconds
 * per GiB and peak memory, the medians of some rounds. Linux only: it reads /proc.
 *
 *     deno task bench:swarm --mib 512,1024 --piece 16,256 --seeders 1,4 --rate 0,2000 --rounds 5
 *
 * Every list makes a row for each of its values; pieces are in KiB, the rate of each seeder in KiB/s, 0
 * for as fast as it can.
 */
import { parseArgs } from "@std/cli";
import { swarmTorrent } from "./swarm_torrent.ts";

/** Ticks per second in /proc/PID/stat, on every Linux there is. */
const TICKS_PER_SECOND = 100;

const HERE = import.meta.dirname ?? ".";
const MAIN = `${HERE}/../../main.ts`;

interface Scene {
  readonly mib: number;
  readonly pieceKib: number;
  readonly seeders: number;
  readonly rateKib: number;
}

interface Round {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
}

interface Seeder extends AsyncDisposable {
  readonly port: number;
}

async function startSeeder({ mib, pieceKib, rateKib }: Scene): Promise<Seeder> {
  const numbers = [mib * 2 ** 20, pieceKib * 1024, ...(rateKib === 0 ? [] : [rateKib * 1024])];
  const args = ["run", "-A", `${HERE}/swarm_seeder.ts`, ...numbers.map(String)];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" })
    .spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

/** Downloads once; resource use is read as long as the process is there. */
async function download(torrent: string, ports: readonly number[]): Promise<Round> {
  const directory = Deno.makeTempDirSync(ramDisk());
  try {
    const peers = ports.flatMap((port) => ["--peer", `127.0.0.1:${port}`]);
    const args = ["run", "-A", MAIN, torrent, "-o", directory, "--json", ...peers];
    const startedAtMs = performance.now();
    const child = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" })
      .spawn();
    const use = await watch(child);
    const { code } = await child.status;
    const seconds = (performance.now() - startedAtMs) / 1000;
    if (code !== 0) throw new Error(`Cannot go on: the download ended with code ${code}`);
    return { seconds, ...use };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** What the process used, read at each of its events: the last is just before its end. */
async function watch(child: Deno.ChildProcess): Promise<Omit<Round, "seconds">> {
  let use = { cpuSeconds: 0, peakMib: 0 };
  for await (const _ of child.stdout) use = readUse(child.pid) ?? use;
  return use;
}

/** From /proc; `undefined` once the process has gone. */
function readUse(pid: number): Omit<Round, "seconds"> | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // After the name, which may hold anything: the 12th and 13th field are user and system ticks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    const peak = Deno.readTextFileSync(`/proc/${pid}/status`).match(/VmHWM:\s+(\d+) kB/)?.[1];
    return peak === undefined ? undefined : { cpuSeconds, peakMib: Number(peak) / 1024 };
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** A RAM disk, where there is one: else the disk is what is measured. */
function ramDisk(): Deno.MakeTempOptions {
  try {
    return Deno.statSync("/dev/shm").isDirectory ? { dir: "/dev/shm" } : {};
  } catch {
    return {};
  }
}

async function measure(scene: Scene, rounds: number): Promise<Round> {
  const { mib, pieceKib, seeders } = scene;
  const torrent = Deno.makeTempFileSync({ ...ramDisk(), suffix: ".torrent" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.removeSync(torrent));
  Deno.writeFileSync(torrent, swarmTorrent(mib * 2 ** 20, pieceKib * 1024));
  const ports: number[] = [];
  for (let n = 0; n < seeders; n++) {
    ports.push(stack.use(await startSeeder(scene)).port);
  }
  await download(torrent, ports); // not counted: caches fill, memory is touched
  const all: Round[] = [];
  for (let n = 0; n < rounds; n++) all.push(await download(torrent, ports));
  const median = (pick: (round: Round) => number) =>
    all.map(pick).sort((a, b) => a - b)[all.length >> 1] ?? NaN;
  return {
    seconds: median((round) => round.seconds),
    cpuSeconds: median((round) => round.cpuSeconds),
    peakMib: median((round) => round.peakMib),
  };
}

function row({ mib, pieceKib, seeders, rateKib }: Scene, { seconds, cpuSeconds, peakMib }: Round) {
  return {
    MiB: mib,
    "piece KiB": pieceKib,
    seeders,
    "KiB/s each": rateKib === 0 ? "any" : rateKib,
    seconds: Number(seconds.toFixed(2)),
    "MB/s": Math.round(mib * 2 ** 20 / 1e6 / seconds),
    "CPU s/GiB": Number((cpuSeconds / mib * 1024).toFixed(2)),
    "peak MiB": Math.round(peakMib),
  };
}

if (import.meta.main) {
  if (Deno.build.os !== "linux") throw new Error("Cannot measure: there is no /proc to read");
  const options = parseArgs(Deno.args, { string: ["mib", "piece", "seeders", "rate", "rounds"] });
  const numbers = (text: string | undefined, usual: string) =>
    (text ?? usual).split(",").map(Number);
  const rows = [];
  for (const mib of numbers(options.mib, "512")) {
    for (const pieceKib of numbers(options.piece, "256")) {
      for (const seeders of numbers(options.seeders, "1")) {
        for (const rateKib of numbers(options.rate, "0")) {
          const scene = { mib, pieceKib, seeders, rateKib };
          rows.push(row(scene, await measure(scene, Number(options.rounds ?? 5))));
        }
      }
    }
  }
  // deno-lint-ignore no-console -- the table is what it is for
  console.table(rows);
}
