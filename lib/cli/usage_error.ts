/** A command line that does not say what the help says: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
