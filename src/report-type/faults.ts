import { StartupError } from '../errors.ts'

/** Collects all faults of one file, so that its author mends them in one go. */
export interface Faults {
  /** `text` says what is wrong and what to write instead. `line` counts from 1; left out where the whole file is meant. */
  add(text: string, line?: number): void
  readonly list: readonly string[]
  /** Throws a StartupError with everything collected, if there is anything. */
  throwAny(): void
}

/** @param file the file's name, without its directory: what the author calls it. */
export function createFaults(file: string): Faults {
  const list: string[] = []
  return {
    add(text, line) {
      list.push(`${file}${line === undefined ? '' : `:${line}`}: ${text}`)
    },
    list,
    throwAny() {
      if (list.length > 0) throw new StartupError(list)
    },
  }
}
