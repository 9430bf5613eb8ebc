import { assert, assertEquals, assertRejects } from "@std/assert";
import type { CreateOptions } from "../../lib/create/create_options.ts";
import { verify } from "../../lib/storage/verify.ts";
import { hashOf } from "../../lib/torrent/geometry.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import { create, manyBytes } from "./created.ts";
import { sha1 } from "../storage/fixture.ts";
import { Folder } from "../support/program.ts";
import { makeTorrent, writeContent } from "../support/torrent_fixture.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const IS_WINDOWS = Deno.build.os === "windows";

async function assertVerifies(metainfo: Metainfo, directory: string): Promise<void> {
  const events = await Array.fromAsync(verify(metainfo, { directory }));
  const last = events.at(-1);
  assert(last?.kind === "verified" && last.isComplete, JSON.stringify(events));
}

/** In the order of the bytes of their paths. */
const FIXTURE = makeTorrent({
  name: "album",
  files: [
    { path: "B", lengthBytes: 40_000 },
    { path: "a b/x", lengthBytes: 10 },
    { path: "a/b", lengthBytes: 100_000 },
    { path: "a/empty", lengthBytes: 0 },
    { path: "a0", lengthBytes: 1 },
    { path: "é/😀", lengthBytes: 70_000 },
  ],
  pieceLength: 16 * KIB,
});

Deno.test("createTorrent() describes a folder so that verify() passes, the same each time", async () => {
  using folder = new Folder();
  await writeContent(folder.path, FIXTURE);
  const path = `${folder.path}/album`;
  const first = await create(path);
  assertEquals(first.metainfo.infoHash, FIXTURE.metainfo.infoHash);
  assertEquals(first.metainfo.pieceHashes, FIXTURE.metainfo.pieceHashes);
  assertEquals(first.warnings, []);
  await assertVerifies(first.metainfo, folder.path);
  const second = await create(`${path}/`);
  assertEquals(second.torrentBytes, first.torrentBytes);
  assertEquals(first.events.at(-2), { kind: "hashing", hashedBytes: 210_011, totalBytes: 210_011 });
});

Deno.test("createTorrent() describes a single file", async () => {
  using folder = new Folder();
  const fixture = makeTorrent({ name: "one.bin", files: 100_001, pieceLength: 32 * KIB });
  await writeContent(folder.path, fixture);
  const { metainfo } = await create(`${folder.path}/one.bin`, { pieceLength: 32 * KIB });
  assertEquals(metainfo.infoHash, fixture.metainfo.infoHash);
  assert(!metainfo.isMultiFile);
  await assertVerifies(metainfo, folder.path);
});

Deno.test("createTorrent() hashes in threads what is long", async () => {
  using folder = new Folder();
  const path = `${folder.path}/long`;
  const bytes = manyBytes(17 * MIB + 5);
  await Deno.writeFile(path, bytes);
  const { metainfo, events } = await create(path, { pieceLength: 64 * KIB });
  for (let pieceIndex = 0; pieceIndex < metainfo.geometry.pieceCount; pieceIndex++) {
    const piece = bytes.subarray(pieceIndex * 64 * KIB, (pieceIndex + 1) * 64 * KIB);
    assertEquals(hashOf(metainfo.pieceHashes, pieceIndex).toHex(), sha1(piece).toHex());
  }
  assert(events.filter(({ kind }) => kind === "hashing").length >= 2);
});

Deno.test("createTorrent() says all that it is told to say", async () => {
  using folder = new Folder();
  await Deno.writeTextFile(`${folder.path}/x`, "content");
  const { metainfo } = await create(`${folder.path}/x`, {
    name: "other",
    trackers: [["http://h/announce", "udp://i:80"], [], ["https://j/announce"]],
    webSeeds: ["https://h/files/other"],
    isPrivate: true,
    comment: "one\ntwo",
    creationDate: 1_700_000_000,
  });
  const { name, trackers, webSeeds, isPrivate, comment, createdBy, creationDate } = metainfo;
  assertEquals({ name, trackers, webSeeds, isPrivate, comment, createdBy, creationDate }, {
    name: "other",
    trackers: [["http://h/announce", "udp://i:80"], ["https://j/announce"]],
    webSeeds: ["https://h/files/other"],
    isPrivate: true,
    comment: "one\ntwo",
    createdBy: "westorrent/0.1.0",
    creationDate: 1_700_000_000,
  });
  const plain = await create(`${folder.path}/x`);
  const sourced = await create(`${folder.path}/x`, { source: "A" });
  assert(plain.metainfo.infoHash.toHex() !== sourced.metainfo.infoHash.toHex());
  assertEquals([plain.metainfo.creationDate, plain.metainfo.comment], [undefined, undefined]);
});

Deno.test("createTorrent() refuses what no torrent can say", async (t) => {
  const rows: readonly (readonly [string, CreateOptions, string])[] = [
    ["a piece length", { pieceLength: 100_000 }, 'piece length "100000"'],
    ["a tracker of another kind", { trackers: [["wss://h/"]] }, 'tracker "wss://h/"'],
    ["a tracker with a space", { trackers: [["http://h/a b"]] }, "tracker"],
    ["a web seed", { webSeeds: ["udp://h:1"] }, "web seed"],
    ["a name that is a path", { name: "../x" }, 'name "../x"'],
    ["no name", { name: "" }, 'name ""'],
    ["a date", { creationDate: 1.5 }, "creation date"],
  ];
  for (const [words, options, expected] of rows) {
    await t.step(words, async () => {
      await assertRejects(() => create(".", options), TypeError, expected);
    });
  }
});

Deno.test({
  name: "createTorrent() leaves out what a torrent has no place for, and says so",
  ignore: IS_WINDOWS,
  async fn() {
    using folder = new Folder();
    await writeContent(folder.path, FIXTURE);
    const path = `${folder.path}/album`;
    await Deno.symlink("B", `${path}/link`);
    await Deno.symlink("a", `${path}/a link`);
    await Deno.mkdir(`${path}/none`);
    await Deno.writeTextFile(`${path}/_____padding_file_0_`, "x");
    await Deno.writeTextFile(`${path}/album.torrent`, "to be written");
    const pipe = new Deno.Command("mkfifo", { args: [`${path}/pipe`] });
    assert((await pipe.output()).success);
    const { metainfo, warnings } = await create(path, { leaveOut: `${path}/album.torrent` });
    assertEquals(metainfo.infoHash, FIXTURE.metainfo.infoHash);
    assertEquals(
      new Set(warnings.map((line) => line.replace(/(?<=such as ).*/, "..."))),
      new Set([
        "Left out 2 symbolic links, such as ...",
        'Left out the empty folder "none/"',
        'Left out the padding file "_____padding_file_0_"',
        'Left out the special file "pipe"',
      ]),
    );
  },
});

Deno.test({
  name: "createTorrent() takes a link for what it leads to, where that is all it is given",
  ignore: IS_WINDOWS,
  async fn() {
    using folder = new Folder();
    await writeContent(folder.path, FIXTURE);
    await Deno.rename(`${folder.path}/album`, `${folder.path}/elsewhere`);
    await Deno.symlink("elsewhere", `${folder.path}/album`);
    await Deno.symlink("elsewhere/B", `${folder.path}/file`);
    assertEquals(
      (await create(`${folder.path}/album`)).metainfo.infoHash,
      FIXTURE.metainfo.infoHash,
    );
    assertEquals((await create(`${folder.path}/elsewhere/.`)).metainfo.name, "elsewhere");
    const { metainfo } = await create(`${folder.path}/file`);
    assertEquals([metainfo.name, metainfo.geometry.totalLength], ["file", 40_000]);
  },
});

Deno.test("createTorrent() tells of what will not work", async () => {
  using folder = new Folder();
  await writeContent(folder.path, FIXTURE);
  const { warnings } = await create(`${folder.path}/album`, {
    isPrivate: true,
    webSeeds: ["http://h/files/", "http://h/files"],
  });
  assertEquals(warnings, [
    "A private torrent without a tracker finds no peers",
    'A folder\'s web seed should end with "/": http://h/files',
  ]);
});

Deno.test({
  name: "createTorrent() tells of names that will be others where they are downloaded",
  ignore: IS_WINDOWS,
  async fn() {
    using folder = new Folder();
    const path = `${folder.path}/odd\u200bname`;
    await Deno.mkdir(path);
    for (const name of ["a\\b", "A", "a"]) await Deno.writeTextFile(`${path}/${name}`, name);
    const { metainfo, warnings } = await create(path);
    assertEquals(metainfo.files.map(({ path }) => path.join("/")), [
      "oddname/A",
      "oddname/a.1",
      "oddname/ab",
    ]);
    assertEquals(warnings, [
      'Will be saved under another name: "odd\\u{200b}name" as "oddname"',
      'Will be saved under another name: "a" as "a.1", and 1 more',
    ]);
  },
});
