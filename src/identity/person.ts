/** What counts as a name and as an e-mail address. Pure. */
const LONGEST_NAME = 200
/** RFC 5321: 64 for the local part, 254 in all. One @, a domain with at least two labels, nothing that a header could be split at. */
const EMAIL =
  /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])$/u
/** Half of a surrogate pair, like NUL, is text that Postgres does not take. */
const CONTROL = /[\p{Cc}\p{Cs}]/u

/** The name without space around it, or null where it is none: 1 to 200 characters on one line. */
export function nameOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const name = value.trim()
  return name.length >= 1 && [...name].length <= LONGEST_NAME && !CONTROL.test(name) ? name : null
}

/** The address without space around it, or null where it is none. */
export function emailOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const email = value.trim()
  return email.length <= 254 && EMAIL.test(email) && !CONTROL.test(email) ? email : null
}
