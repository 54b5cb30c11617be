/** A pending file's name holds the whole key, and file systems take 255 bytes. */
const LONGEST_KEY = 200
const KEY = /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/

/** Throws a RangeError for what could leave the store's directory, or meet a name that the store keeps to itself. */
export function checkedKey(key: string): string {
  if (key.length > LONGEST_KEY || !KEY.test(key)) throw new RangeError('Not a key of the store.')
  return key
}

/** One flat name for each key; `%` is in no key. */
export function pendingName(key: string): string {
  return key.replaceAll('/', '%')
}
export function keyOfPendingName(name: string): string {
  return name.replaceAll('%', '/')
}
