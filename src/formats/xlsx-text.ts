/* oxlint-disable no-control-regex -- what is looked for are control characters */
/** What XML has no character for, or gives another meaning; and what would be read as one of our own escapes. */
const SPECIAL = /[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff]|_(?=x[0-9a-f]{4}_)/gi
const IS_SPECIAL = /[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff]|_x[0-9a-f]{4}_/i
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', _: '_x005F_' }
const OUTER_SPACE = /^\s|\s$/

/** Text as a sheet has it: control characters as _xHHHH_, CR too, which XML would make an LF; spaces around it are kept. */
export function sheetText(text: string): string {
  const safe = IS_SPECIAL.test(text) ? text.replace(SPECIAL, escaped) : text
  return OUTER_SPACE.test(text) ? `<t xml:space="preserve">${safe}</t>` : `<t>${safe}</t>`
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return ENTITIES[character] ?? `_x${code.toString(16).toUpperCase().padStart(4, '0')}_`
}
