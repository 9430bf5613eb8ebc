/**
 * Which boot of the machine this is.
 *
 * @module
 */

const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";

/** A text that changes with every boot; empty where it cannot be known without asking for permission. */
export function readBootId(): string {
  if (Deno.build.os !== "linux") return "";
  const permission = Deno.permissions.querySync({ name: "read", path: BOOT_ID_PATH });
  if (permission.state !== "granted") return "";
  try {
    return Deno.readTextFileSync(BOOT_ID_PATH).trim();
  } catch {
    return ""; // no such file here, or no descriptor left: then it is unknown, which is safe
  }
}
