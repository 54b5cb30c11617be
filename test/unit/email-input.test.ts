import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Asked } from '../../src/channels/channel.ts'
import { createEmail, type EmailInput } from '../../src/channels/email.ts'
import { createMailServer } from '../support/mail-server.ts'
import { askedOf, documentOf, handoverOf } from '../support/outcome.ts'

const SMTP = { url: 'smtp://127.0.0.1:1', from: 'reports@sender.example' }

/** What is kept, or what is refused. */
async function check(
  input: EmailInput,
  options: { domains?: string[]; smtp?: typeof SMTP | null; asked?: Partial<Asked> } = {},
) {
  const { domains = ['example.com', 'example.org'], smtp = SMTP, asked = {} } = options
  try {
    return (await createEmail({ smtp, domains }).check(input, askedOf(asked))).target
  } catch (error) {
    return (error as { userErrors: { field: string[]; code: string }[] }).userErrors.map(
      ({ field, code }) => `${field.join('.')} ${code}`,
    )
  }
}

describe('recipients', () => {
  test.each([
    'ann@example.com', 'ANN@EXAMPLE.COM', 'ann.o-neill+reports@example.org', "o'neill@example.com", `${'a'.repeat(64)}@example.com`,
  ])('%s is one', async (address) => {
    expect(await check({ to: [address] })).toMatchObject({ to: [address], subject: null, attach: false })
  }) // prettier-ignore

  test.each([
    '', ' ', 'ann', '@example.com', 'ann@', 'ann@@example.com', 'ann@example', 'ann@example.com ', ' ann@example.com', 'ann @example.com', 'ann@example.com,bob@example.com',
    'ann@example.com;bob@example.com', 'ann@example.com bob@example.com', 'Ann <ann@example.com>', '<ann@example.com>', '"ann"@example.com', '"a b"@example.com', 'ann(x)@example.com',
    'ann@example.com (Ann)', 'group: ann@example.com;', 'ann@[127.0.0.1]', 'ann@127.0.0.1@example.com', 'a..b@example.com', '.a@example.com', 'a.@example.com', 'ann@-example.com',
    'ann@example..com', 'ann@example.com.', 'ann@example.com\r\nBcc: eve@example.com', 'ann@example.com\nRCPT TO:<eve@example.com>', 'ann\r@example.com', 'ann\0@example.com', 'ann@example.com%0aBcc:eve',
    'ann@exam\u200bple.com', 'änn@example.com', 'ann＠example.com', 'ann@example.com>', 'ann@example.com\u2028', `${'a'.repeat(65)}@example.com`, `a@${'b.'.repeat(130)}example.com`,
  ])('%j is none', async (address) => {
    expect(await check({ to: ['ann@example.com', address] })).toEqual(['to.1 INVALID'])
  }) // prettier-ignore

  test('of domains that are listed, and none below or beside them', async () => {
    const to = [
      'a@example.com',
      'a@mail.example.com',
      'a@example.com.evil.test',
      'a@evilexample.com',
      'a@EXAMPLE.org',
      'a@xn--exmple-cua.com',
    ]
    expect(await check({ to })).toEqual(['to.1 FORBIDDEN', 'to.2 FORBIDDEN', 'to.3 FORBIDDEN', 'to.5 FORBIDDEN'])
  })

  test('where no domain is listed: the own address alone, however it is written', async () => {
    const own = { domains: [] }
    expect(await check({ to: ['Ann@Example.com'] }, own)).toMatchObject({
      to: ['Ann@Example.com'],
      own: 'ann@example.com',
    })
    expect(await check({ to: ['ann@example.com', 'bob@example.com'] }, own)).toEqual(['to.1 FORBIDDEN'])
    const nobody = { domains: [], asked: { email: null } }
    expect(await check({ to: ['ann@example.com'] }, nobody)).toEqual(['to.0 FORBIDDEN'])
  })

  test('asked again before each try: by the address that who asked has by then', () => {
    const target = (...to: string[]) => ({ to, subject: null, attach: false, own: 'ann@example.com' })
    const closed = createEmail({ smtp: SMTP, domains: [] })
    expect(closed.allows!(target('ann@example.com'), 'MEMBER', 'Ann@Example.com')).toBe(true)
    expect(closed.allows!(target('ann@example.com'), 'MEMBER', 'ann@new.example')).toBe(false)
    expect(closed.allows!(target('ann@example.com'), 'MEMBER', null)).toBe(false)
    const listed = createEmail({ smtp: SMTP, domains: ['example.com'] })
    expect(listed.allows!(target('bob@example.com'), 'MEMBER', null)).toBe(true)
    expect(listed.allows!(target('bob@example.com', 'eve@elsewhere.test'), 'MEMBER', null)).toBe(false)
  })

  test('one to fifty, each once', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}@example.com`)
    expect(await check({ to: [] })).toEqual(['to REQUIRED'])
    expect(await check({ to: many(50) })).toMatchObject({ to: many(50) })
    expect(await check({ to: many(51) })).toEqual(['to INVALID'])
    expect(await check({ to: ['ann@example.com', 'Ann@example.com'] })).toMatchObject({ to: ['Ann@example.com'] })
  })

  test('all that is wrong comes at once; without a mail server that is said', async () => {
    expect(await check({ to: ['x', 'a@elsewhere.test'], subject: 'a\nb' })).toEqual([
      'to.0 INVALID',
      'to.1 FORBIDDEN',
      'subject INVALID',
    ])
    expect(await check({ to: ['ann@example.com'] }, { smtp: null })).toEqual([' INVALID'])
  })

  test('a subject is one line', async () => {
    const subjects = [
      'a\r\nBcc: eve@example.com',
      'a\nb',
      'a\rb',
      'a\0b',
      'a\u0085b',
      'a\u2028b',
      'a\u202eb',
      '\ud800',
      'x'.repeat(201),
    ]
    for (const subject of subjects)
      expect(await check({ to: ['ann@example.com'], subject }), JSON.stringify(subject)).toEqual(['subject INVALID'])
    expect(await check({ to: ['ann@example.com'], subject: ' Größe 東京 🎁 ', attach: true })).toMatchObject({
      subject: 'Größe 東京 🎁',
      attach: true,
    })
    expect(await check({ to: ['ann@example.com'], subject: ' ' })).toMatchObject({ subject: null })
  })

  test('where it goes is told in short', () => {
    const { describe: shown } = createEmail({ smtp: SMTP, domains: [] })
    const target = (to: string[]) => ({ to, subject: null, attach: false, own: null })
    expect(shown(target(['a@b.c']))).toBe('a@b.c')
    expect(shown(target(['a@b.c', 'd@e.f', 'g@h.i', 'j@k.l']))).toBe('a@b.c, d@e.f and 2 more')
  })
})

describe('header injection', () => {
  let server: Awaited<ReturnType<typeof createMailServer>>
  beforeAll(async () => {
    server = await createMailServer()
  })
  afterAll(() => server?.close())

  /** Headers of the outermost part, by name in order. */
  const headersOf = (raw: string) =>
    raw.split('\r\n\r\n')[0]!.split(/\r\n(?![ \t])/).map((line) => line.slice(0, line.indexOf(':'))) // prettier-ignore

  async function sent(title: string, fileName: string, subject: string | null) {
    const email = createEmail({
      smtp: { url: server.url, from: 'Broadsheet <reports@sender.example>' },
      domains: ['example.com'],
    })
    const document = documentOf('a\n1\n', { fileName })
    server.mails.length = 0
    await email.deliver({ to: ['ann@example.com'], subject, attach: true, own: null }, handoverOf({ title, document }))
    await email.close()
    return server.mails[0]!
  }

  const ATTACKS = [
    'x\r\nBcc: eve@example.com', 'x\nBcc: eve@example.com', 'x\rBcc: eve@example.com', 'x\r\n\r\n<script>alert(1)</script>', 'x\r\n.\r\nMAIL FROM:<eve@example.com>',
    'x\u2028Bcc: eve@example.com', 'x\u0085Bcc: eve@example.com', 'x\0\x01\x1b[31m', '=?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?=', '"; filename="evil.exe', '../../etc/passwd', 'x\u202efdp.exe',
    '\ud800', `${'ä'.repeat(600)}\r\nBcc: eve@example.com`, 'x\r\nContent-Type: text/html\r\n\r\n<b>', '<img src=x onerror=alert(1)>', '', ' ', '\r\n',
  ] // prettier-ignore

  test.each(ATTACKS)('%j changes no header as title, subject and name of a file', async (text) => {
    const plain = await sent('Sales', 'sales.csv', 'Sales')
    const { raw, recipients, read } = await sent(text, text, text)
    expect(headersOf(raw)).toEqual(headersOf(plain.raw))
    expect(recipients).toEqual(['ann@example.com'])
    expect(read.headers.map(({ key }) => key)).not.toContain('bcc')
    expect(read.subject ?? '').not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u)
    expect(read.attachments).toHaveLength(1)
    expect(read.attachments[0]?.filename ?? '').not.toMatch(/[\p{Cc}\u2028\u2029\u202e/\\]/u)
    expect(read.html).not.toMatch(/<script|<img|<b>/)
  })

  test('whatever is written, the headers stay the same', async () => {
    const { raw } = await sent('Sales', 'sales.csv', null)
    const names = headersOf(raw)
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string({ unit: 'binary-ascii', maxLength: 80 }),
        async (title, fileName) => {
          const mail = await sent(title, fileName, null)
          expect(headersOf(mail.raw)).toEqual(names)
          expect(mail.read.attachments).toHaveLength(1)
        },
      ),
      { numRuns: 25 },
    )
  })
})
