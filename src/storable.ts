/** What is wrong with a text that is not storable; it goes on from the name of what holds it. */
export const NOT_STORABLE = 'holds a character that no database stores: NUL, or half of a surrogate pair.'

/** True where Postgres takes the text: one NUL or half of a surrogate pair would fail the whole statement. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** True where Postgres and all that read ISO 8601 take the moment: a real one, in the years 1 to 9999 of UTC. */
export function isStorableMoment(moment: Date): boolean {
  const year = moment.getUTCFullYear()
  return year >= 1 && year <= 9999
}
