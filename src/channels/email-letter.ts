import { encodeId } from '../api-id.ts'
import type { Outcome, OutcomeDocument } from './channel.ts'
import { letterHtml } from './email-html.ts'

/** Documents above this are linked and not attached, in bytes: mail grows by a third on its way, and many servers take 10 MB. */
export const LARGEST_ATTACHMENT = 5_000_000
/** A link lives no longer, in milliseconds. */
const LONGEST_LINK = 7 * 86_400_000
/** In characters; longer titles are cut. */
const LONGEST_SUBJECT = 250

/** What both texts of one e-mail say. Plain text all of it: whoever writes it into HTML escapes it. */
export interface Letter {
  readonly subject: string
  readonly status: Outcome['status']
  readonly heading: string
  readonly title: string
  /** Why there is no document. */
  readonly reason: string | null
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly link: { readonly url: string; readonly until: string } | null
  /** What became of a wish for an attachment; null: there was none. */
  readonly attachment: string | null
  /** The API's id. */
  readonly reportId: string
}

const HEADINGS = {
  SUCCEEDED: 'Your report is ready',
  FAILED: 'Your report failed',
  CANCELED: 'Your report was canceled',
} as const
const SUBJECTS = { SUCCEEDED: 'Report ready: ', FAILED: 'Report failed: ', CANCELED: 'Report canceled: ' } as const
const OWN_SUBJECTS = { SUCCEEDED: '', FAILED: 'Failed: ', CANCELED: 'Canceled: ' } as const
const COMPRESSED = { NONE: '', GZIP: ', gzip', ZSTD: ', zstd' } as const

/** `asked`: as the target has it; `at`: milliseconds, of this try. */
export function letterOf(outcome: Outcome, asked: { subject: string | null; attach: boolean }, at: number): Letter {
  const { status, document, failure, timeZone } = outcome
  const title = oneLine(outcome.title)
  const moment = momentsIn(timeZone)
  return {
    subject: subjectOf(status, oneLine(asked.subject ?? ''), title),
    status,
    heading: HEADINGS[status],
    title,
    reason: failure?.message ?? null,
    facts: [
      ...(outcome.scheduledFor ? [['Scheduled for', moment(outcome.scheduledFor)] as const] : []),
      ...(document ? factsOf(document) : []),
      ...(failure ? [['Code', failure.code] as const] : []),
      [status === 'SUCCEEDED' ? 'Finished' : 'Ended', moment(outcome.finishedAt)],
    ],
    link: document && {
      url: document.link(),
      until: moment(new Date(Math.min(document.expiresAt?.getTime() ?? Infinity, at + LONGEST_LINK))),
    },
    attachment: document && asked.attach ? attachmentWords(document) : null,
    reportId: encodeId('Report', outcome.reportId),
  }
}

/** The two texts of a letter. */
export function textsOf(letter: Letter): { text: string; html: string } {
  return { text: letterText(letter), html: letterHtml(letter) }
}

export function isAttached(document: OutcomeDocument, attach: boolean): boolean {
  return attach && document.byteSize <= LARGEST_ATTACHMENT
}

/**
 * Text as one line of a header or a heading: what breaks lines, and what turns the reading direction of the words after it,
 * becomes a space.
 */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .trim()
}

/** As oneLine; and what looks like an encoded word of a header is not one, so that nothing is decoded out of it. */
export function headerText(text: string): string {
  return oneLine(text).replaceAll('=?', '= ?')
}

/** A subject of one's own stands for a document as it is; that there is none is said before it. */
function subjectOf(status: Outcome['status'], asked: string, title: string): string {
  const lead = asked === '' ? SUBJECTS[status] : OWN_SUBJECTS[status]
  return headerText([...(lead + (asked || title))].slice(0, LONGEST_SUBJECT).join(''))
}

function factsOf(document: OutcomeDocument): readonly (readonly [string, string])[] {
  return [
    ['Rows', document.rowCount.toLocaleString('en')],
    ['Document', oneLine(document.fileName)],
    ['Format', `${document.format}${COMPRESSED[document.compression]}, ${sizeOf(document.byteSize)}`],
    ['SHA-256', document.sha256],
  ]
}

function attachmentWords(document: OutcomeDocument): string {
  return isAttached(document, true)
    ? 'The document is attached.'
    : `The document is not attached: it has ${sizeOf(document.byteSize)}, and mail takes ${sizeOf(LARGEST_ATTACHMENT)} at most.`
}

function sizeOf(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let [size, unit] = [bytes, 0]
  for (; size >= 1_000 && unit < units.length - 1; unit++) size /= 1_000
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0).replace(/\.0$/, '')} ${units[unit]}`
}

function momentsIn(timeZone: string): (moment: Date) => string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone })
  return (moment) => `${format.format(moment)} (${timeZone})`
}

function letterText({ heading, title, reason, facts, link, attachment, reportId }: Letter): string {
  const widest = Math.max(...facts.map(([name]) => name.length))
  const lines = [heading, '', title]
  if (reason !== null) lines.push('', reason)
  lines.push('', ...facts.map(([name, value]) => `${name.padEnd(widest)}  ${value}`))
  if (attachment !== null) lines.push('', attachment)
  if (link)
    lines.push('', `Download, until ${link.until}:`, link.url, '', 'Whoever has this link can download the document.')
  return [...lines, '', '-- ', `Broadsheet, report ${reportId}`, ''].join('\n')
}
