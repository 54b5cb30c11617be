/** What was asked for is no cadence. The message is for the caller and says the remedy; `path` is below "cadence". */
export class CadenceError extends Error {
  readonly path: readonly string[]
  constructor(message: string, path: readonly string[]) {
    super(message)
    this.path = path
  }
}
