import { isIPv4 } from 'node:net'
import { createTransport as createMail } from 'nodemailer'
import SMTPTransport from 'nodemailer/lib/smtp-transport'
import { isCertificateFault } from './certificate-fault.ts'
import { DeliveryFailed } from './channel.ts'

/** Milliseconds: to connect and be greeted, and without a byte from the server. The whole try has the channel's bound. */
const CONNECT_TIMEOUT = 10_000
const SOCKET_TIMEOUT = 30_000

type Message = Parameters<ReturnType<typeof createMail>['sendMail']>[0]

/**
 * The mail server that SMTP_URL names, each message on a connection of its own. smtps: is TLS from the start; smtp: takes STARTTLS
 * where it is offered, and needs it where there is a password to send beyond this machine, unless the URL says ?requireTLS=false.
 * What else nodemailer knows stands in the URL's query as well: ?tls.servername=mail.example.com.
 */
export function createTransport(url: string) {
  const { protocol, username, hostname } = new URL(url)
  const near = hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  const transport = createMail(
    new SMTPTransport({
      connectionTimeout: CONNECT_TIMEOUT,
      greetingTimeout: CONNECT_TIMEOUT,
      dnsTimeout: CONNECT_TIMEOUT,
      socketTimeout: SOCKET_TIMEOUT,
      requireTLS: protocol === 'smtp:' && username !== '' && !near,
      url,
    }),
  )

  return {
    /** Resolves when the server has taken the message for every recipient. Rejects with DeliveryFailed. */
    async send(message: Message, signal: AbortSignal): Promise<void> {
      const { accepted, rejected, rejectedErrors } = await transport
        .sendMail({ ...message, signal, disableFileAccess: true, disableUrlAccess: true })
        .catch((error: unknown) => {
          throw refusal(error as SmtpError)
        })
      if (rejected.length > 0) throw partly(accepted.length, rejected, rejectedErrors?.[0]?.responseCode)
    },
    close: () => transport.close(),
  }
}

/** What nodemailer adds to an error. */
interface SmtpError extends Error {
  code?: string
  /** Of the socket. */
  originalCode?: string
  command?: string
  /** Of the server. */
  responseCode?: number
}

/**
 * What the server answers to is final with 5xx; how one gets to it, credentials included, is the operator's to mend meanwhile.
 * The server's own words are left out: they name hosts and accounts.
 */
function refusal(error: SmtpError): DeliveryFailed {
  const { code, command, responseCode = 0 } = error
  const failed = (words: string, retryable = true) => new DeliveryFailed(words, { retryable, cause: error })
  if (code === 'EABORT') return failed('The try was cut short.')
  if (code === 'EAUTH' || code === 'ENOAUTH' || responseCode === 530)
    return failed('The mail server does not take the service’s credentials.')
  if (isCertificateFault(code) || isCertificateFault(error.originalCode))
    return failed('There is no safe connection to the mail server.')
  if (responseCode === 0 || !/^(MAIL FROM|RCPT TO|DATA)$/.test(command ?? ''))
    return failed('The mail server could not be reached.')
  const what = { 'RCPT TO': 'the recipients', 'MAIL FROM': 'the sender' }[command ?? ''] ?? 'the message'
  return responseCode >= 500
    ? failed(`The mail server refused ${what} (${responseCode}).`, false)
    : failed(`The mail server put ${what} off (${responseCode}).`)
}

/** Some have it. Another try would send it to them once more, so that is left to a person. */
function partly(taken: number, rejected: readonly string[], code: number | undefined): DeliveryFailed {
  const names = rejected.slice(0, 3).join(', ') + (rejected.length > 3 ? ` and ${rejected.length - 3} more` : '')
  return new DeliveryFailed(
    `Delivered to ${taken} of ${taken + rejected.length} recipients. The mail server refused ${names}${code ? ` (${code})` : ''}.`,
    { retryable: false },
  )
}
