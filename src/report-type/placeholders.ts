/**
 * Finds `:name` in SQL the way Postgres' own lexer would see it: not in strings, quoted names, comments or dollar quotes, and
 * not as part of `::cast` or `:=`. Pure; it knows no grammar beyond tokens.
 */

export interface Placeholder {
  readonly name: string
  /** First and one past the last character; with the cast that directly follows, where there is a simple one. */
  readonly start: number
  readonly end: number
  /** "date" of `:day::date`, "text[]" of `:names::text[]`; null: no cast, or one of several words. */
  readonly cast: string | null
}

export interface Scan {
  readonly placeholders: readonly Placeholder[]
  /** Offsets of semicolons outside of strings and comments. */
  readonly semicolons: readonly number[]
  /** The first word of the statement in lower case, or "(". Null: there is nothing but comments. */
  readonly firstWord: string | null
  /** Where the last thing that is no comment, blank or semicolon ends. */
  readonly end: number
  /** What is opened and never closed: its words for the author, and where it begins. */
  readonly unclosed: { readonly what: string; readonly start: number } | null
}

// One alternative for each token that may hide a colon, tried in this order at each position; all sticky and linear.
const BLANK = /[\s]+/y
const LINE_COMMENT = /--[^\n\r]*/y
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[^]|'')*'/y
const STRING = /(?:[uU]&|[bBxXnN])?'(?:[^']|'')*'/y
const QUOTED_NAME = /(?:[uU]&)?"(?:[^"]|"")*"/y
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const NUMBER = /(?:\d[\w.]*|\.\d[\w.]*)/y
const NAME_AFTER_COLON = /:([A-Za-z_]\w*)/y
const CAST = /\s*::\s*([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)((?:\s*\[\])?)/iy
/** Types of several words, and those with a precision, are left where they stand. */
const LONG_TYPE = /^(?:double|character|char|national|nchar|bit|time|timestamp|interval|setof)$/i

export function scanSql(sql: string): Scan {
  const placeholders: Placeholder[] = []
  const semicolons: number[] = []
  let firstWord: string | null = null
  let end = 0
  let at = 0
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(sql)?.[0] ?? null
  }
  const stop = (what: string): Scan => ({ placeholders, semicolons, firstWord, end, unclosed: { what, start: at } })

  while (at < sql.length) {
    const blank = match(BLANK) ?? match(LINE_COMMENT)
    if (blank !== null) {
      at += blank.length
      continue
    }
    if (sql.startsWith('/*', at)) {
      const length = commentLength(sql, at)
      if (length === null) return stop('a comment /* that is never closed')
      at += length
      continue
    }
    if (sql[at] === ';') {
      semicolons.push(at)
      at += 1
      continue
    }
    const text = match(ESCAPE_STRING) ?? match(STRING) ?? match(QUOTED_NAME)
    if (text !== null) at += text.length
    else if (/^(?:[eE]|[uU]&|[bBxXnN])?'/.test(sql.slice(at, at + 3))) return stop("a string ' that is never closed")
    else if (/^(?:[uU]&)?"/.test(sql.slice(at, at + 3))) return stop('a quoted name " that is never closed')
    else if (sql[at] === '$' && match(DOLLAR_TAG) !== null) {
      const tag = match(DOLLAR_TAG)!
      const close = sql.indexOf(tag, at + tag.length)
      if (close < 0) return stop(`a string ${tag} that is never closed`)
      at = close + tag.length
    } else if (sql.startsWith('::', at) || sql.startsWith(':=', at)) at += 2
    else if (sql[at] === ':' && match(NAME_AFTER_COLON) !== null) {
      const found = placeholderAt(sql, at, match(NAME_AFTER_COLON)!)
      placeholders.push(found)
      at = found.end
    } else {
      const word = match(WORD)
      firstWord ??= word?.toLowerCase() ?? sql[at]!
      at += (word ?? match(NUMBER) ?? sql[at]!).length
    }
    firstWord ??= ''
    end = at
  }
  return { placeholders, semicolons, firstWord, end, unclosed: null }
}

function placeholderAt(sql: string, start: number, text: string): Placeholder {
  const name = text.slice(1)
  CAST.lastIndex = start + text.length
  const cast = CAST.exec(sql)
  const next = cast ? sql[CAST.lastIndex] : undefined
  if (
    !cast ||
    LONG_TYPE.test(cast[1]!) ||
    next === '(' ||
    next === '"' ||
    next === '[' ||
    next === '.' ||
    next === '%'
  ) {
    return { name, start, end: start + text.length, cast: null }
  }
  return { name, start, end: start + cast[0].length + text.length, cast: cast[1]! + cast[2]!.trim() }
}

/** Postgres nests block comments. */
function commentLength(sql: string, start: number): number | null {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex - start
  }
  return null
}

/** The text with each placeholder replaced by what `expression` gives for it. */
export function replacePlaceholders(
  sql: string,
  placeholders: readonly Placeholder[],
  expression: (placeholder: Placeholder) => string,
): string {
  let text = ''
  let at = 0
  for (const placeholder of placeholders) {
    text += sql.slice(at, placeholder.start) + expression(placeholder)
    at = placeholder.end
  }
  return text + sql.slice(at)
}

/** Counts from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}
