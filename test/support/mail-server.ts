import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { DeliveryFailed, type Handover, type Outcome } from '../../src/channels/channel.ts'
import { createEmail, type EmailTarget } from '../../src/channels/email.ts'
import { handoverOf } from './outcome.ts'

export interface Mail {
  readonly from: string
  /** As the envelope has them, which is what counts. */
  readonly recipients: readonly string[]
  /** As it came. */
  readonly raw: string
  /** As a mail program reads it. */
  readonly read: Email
  readonly secure: boolean
  readonly user: string | null
}

/** A real mail server on loopback that keeps what it takes. */
export async function createMailServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = []
  let sessions = 0
  const errors: Error[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 1,
    onClose: () => void (sessions -= 1),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        const { mailFrom, rcptTo } = session.envelope
        PostalMime.parse(raw)
          .then((read) => {
            mails.push({
              from: mailFrom ? mailFrom.address : '',
              recipients: rcptTo.map(({ address }) => address),
              raw: raw.toString('latin1'),
              read,
              secure: session.secure,
              user: session.user ?? null,
            })
            done()
          })
          .catch(done)
      })
    },
    ...options,
    onConnect(session, done) {
      sessions += 1
      if (options.onConnect) options.onConnect.call(server, session, done)
      else done()
    },
  })
  server.on('error', (error) => void errors.push(error))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  return {
    mails,
    port,
    url: `smtp://127.0.0.1:${port}`,
    /** Connections that are open. */
    sessions: () => sessions,
    errors,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const FROM = 'Broadsheet <reports@sender.example>'
/** When every letter of a scene is written. */
export const NOW = Date.parse('2026-11-21T09:00:05Z')

/** Mail servers and channels to them, which may write to example.com. All of it ends with `close`. */
export function createPost() {
  const closers: (() => Promise<unknown>)[] = []

  async function mailServer(options: SMTPServerOptions = {}) {
    const server = await createMailServer(options)
    closers.push(() => server.close())
    return server
  }
  function channel(url: string) {
    const email = createEmail({ smtp: { url, from: FROM }, domains: ['example.com'], now: () => NOW })
    closers.push(() => email.close())
    return email
  }
  const target = (more: Partial<EmailTarget> = {}): EmailTarget => ({
    to: ['ann@example.com'],
    subject: null,
    attach: false,
    own: null,
    ...more,
  })

  /** What became of one try: "delivered", or its message and whether it is tried again. */
  async function fate(
    url: string,
    more: Partial<EmailTarget> = {},
    outcome: Partial<Outcome> = {},
    given: Partial<Handover> = {},
  ): Promise<string> {
    try {
      await channel(url).deliver(target(more), handoverOf(outcome, given))
      return 'delivered'
    } catch (error) {
      if (!(error instanceof DeliveryFailed)) throw error
      return `${error.message} ${error.retryable ? 'again' : 'never'}`
    }
  }

  return {
    mailServer,
    channel,
    target,
    fate,
    /** To be done in the end, before what was made earlier is closed. */
    finally: (closer: () => Promise<unknown>) => void closers.push(closer),
    async close() {
      while (closers.length > 0) await closers.pop()!()
    },
  }
}
