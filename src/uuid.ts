const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** True where Postgres takes the text as a uuid: anything else is an id that nobody has. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
