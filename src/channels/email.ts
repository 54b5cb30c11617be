import { Readable } from 'node:stream'
import { encodeId } from '../api-id.ts'
import { NotFound, Refusal, type UserError } from '../errors.ts'
import { DeliveryFailed, type Channel, type OutcomeDocument } from './channel.ts'
import { isAddress, mayReceive } from './email-address.ts'
import { headerText, isAttached, letterOf, oneLine, textsOf } from './email-letter.ts'
import { createTransport } from './email-transport.ts'

export interface EmailInput {
  readonly to: readonly string[]
  readonly subject?: string | null
  readonly attach?: boolean | null
}
export interface EmailTarget {
  readonly to: readonly string[]
  /** Null: made from the report's title. */
  readonly subject: string | null
  readonly attach: boolean
  /** The address of who asked, to which e-mail may go where no domains are listed. */
  readonly own: string | null
}

const MOST_RECIPIENTS = 50
const LONGEST_SUBJECT = 200
/** One try from the lookup to the server's last word, in milliseconds: 5 MB on a slow line. */
const EMAIL_TIMEOUT = 120_000

/** Letters by SMTP. `smtp`: null where there is none; `domains`: BROADSHEET_EMAIL_DOMAINS. `now` (milliseconds) is the machine's but for tests. */
export function createEmail(deps: {
  smtp: { readonly url: string; readonly from: string } | null
  domains: readonly string[]
  now?: () => number
}): Channel<EmailInput, EmailTarget> {
  const { smtp, domains, now = Date.now } = deps
  const transport = smtp && createTransport(smtp.url)
  const closing = new AbortController()

  function faultOf(address: string, own: string | null): Omit<UserError, 'field'> | null {
    if (!isAddress(address)) return { code: 'INVALID', message: 'Must be one plain address, such as ann@example.com.' }
    if (mayReceive(address, domains, own)) return null
    if (domains.length > 0)
      return { code: 'FORBIDDEN', message: `E-mail may go to these domains alone: ${domains.join(', ')}.` }
    return own === null
      ? {
          code: 'FORBIDDEN',
          message: 'E-mail may go to your own address alone, and you have none here: ask an ADMIN for it.',
        }
      : { code: 'FORBIDDEN', message: 'E-mail may go to your own address alone.' }
  }

  return {
    name: 'EMAIL',
    takesFailures: true,

    check({ to, subject, attach }, { email: own }) {
      if (!smtp)
        throw new Refusal([
          { field: [], code: 'INVALID', message: 'There is no mail server: the operator sets SMTP_URL.' },
        ])
      const errors: UserError[] = []
      if (to.length === 0) errors.push({ field: ['to'], code: 'REQUIRED', message: 'Name at least one recipient.' })
      if (to.length > MOST_RECIPIENTS)
        errors.push({ field: ['to'], code: 'INVALID', message: `At most ${MOST_RECIPIENTS} recipients.` })
      else
        for (const [index, address] of to.entries()) {
          const fault = faultOf(address, own)
          if (fault) errors.push({ field: ['to', String(index)], ...fault })
        }
      if (subject && (subject.length > LONGEST_SUBJECT || oneLine(subject) !== subject.trim()))
        errors.push({
          field: ['subject'],
          code: 'INVALID',
          message: `Must be one line of at most ${LONGEST_SUBJECT} characters.`,
        })
      if (errors.length > 0) throw new Refusal(errors)
      // The same person twice gets one.
      const unique = [...new Map(to.map((address) => [address.toLowerCase(), address])).values()]
      return { target: { to: unique, subject: subject?.trim() || null, attach: attach ?? false, own } }
    },

    describe({ to }) {
      return to.length <= 3 ? to.join(', ') : `${to.slice(0, 2).join(', ')} and ${to.length - 2} more`
    },

    allows: ({ to }, _, email) => to.every((address) => mayReceive(address, domains, email)),

    async deliver({ to, subject, attach, own }, { deliveryId, outcome, signal }) {
      if (!smtp || !transport) throw new DeliveryFailed('There is no mail server (SMTP_URL).', { retryable: true })
      const barred = to.find((address) => faultOf(address, own))
      if (barred !== undefined)
        throw new DeliveryFailed(`E-mail may not go to ${barred} any more.`, { retryable: false })
      const { document } = outcome
      const letter = letterOf(outcome, { subject, attach }, now())
      const attachment = document && isAttached(document, attach) ? attachmentOf(document) : null
      const id = encodeId('Delivery', deliveryId)
      try {
        await transport.send(
          {
            from: smtp.from,
            to: to.map((address) => ({ name: '', address })),
            subject: letter.subject,
            // The same at every try: whoever has it already can tell.
            messageId: `<${id}@${smtp.from.replace(/^.*@|>$/g, '')}>`,
            date: new Date(now()),
            // Nobody's absence is to be told to a program.
            headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
            ...textsOf(letter),
            attachments: attachment ? [attachment.part] : [],
          },
          AbortSignal.any([signal, closing.signal, AbortSignal.timeout(EMAIL_TIMEOUT)]),
        )
      } catch (error) {
        throw attachment?.fault() ?? error
      } finally {
        attachment?.part.content.destroy()
      }
    },

    async close() {
      closing.abort()
      transport?.close()
    },
  }
}

/** The document as a part of a message, opened when it is first read and never held whole. */
function attachmentOf(document: OutcomeDocument) {
  let fault: DeliveryFailed | null = null
  const content = Readable.from(read())
  // The message breaks with it, and tells.
  content.on('error', () => undefined)

  async function* read(): AsyncGenerator<Buffer> {
    let size = 0
    try {
      for await (const chunk of await document.open()) {
        size += (chunk as Buffer).length
        if (size > document.byteSize) break
        yield chunk as Buffer
      }
      if (size !== document.byteSize)
        throw new Error(`the document has ${size} bytes or more, and should have ${document.byteSize}`)
    } catch (error) {
      const gone = error instanceof NotFound
      const words = gone ? 'The document is not there any more.' : 'The document could not be read.'
      fault = new DeliveryFailed(words, { retryable: !gone, cause: error })
      throw fault
    }
  }

  const part = {
    filename: headerText(document.fileName).replaceAll(/[/\\]/g, '_') || 'document',
    contentType: document.contentType,
    contentTransferEncoding: 'base64' as const,
    content,
  }
  return { part, fault: () => fault }
}
