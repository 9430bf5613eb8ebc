/** What this process holds open, by kind: to compare before and after (Linux; elsewhere 0). */
export function countDescriptors(): number {
  if (Deno.build.os !== "linux") return 0;
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Whether this machine has IPv6 at all. */
export function hasIPv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 })[Symbol.dispose]();
    return true;
  } catch {
    return false; // no such address family: tests of it are skipped
  }
}

/** The threads of this process that do not come and go with the runtime's pool (Linux; elsewhere 0). */
export function countThreads(): number {
  if (Deno.build.os !== "linux") return 0;
  const tasks = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => nameOfTask(name));
  return tasks.filter((name) => name !== "" && !name.startsWith("tokio-")).length;
}

function nameOfTask(id: string): string {
  try {
    return Deno.readTextFileSync(`/proc/self/task/${id}/comm`).trim();
  } catch {
    return ""; // it has ended meanwhile
  }
}
