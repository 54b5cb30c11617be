// Long because all of it is one door, which takes seconds to open: the document, its links, what is missing, what is logged.
import { once } from 'node:events'
import { readdir, readlink, rm, truncate } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, SECRET, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
import { createLinks } from '../../src/document/links.ts'
import { until } from '../support/until.ts'

let ground: Ground
let api: TestApi
let member: Person
let admin: Person
const BYTES = `id,name\n${Array.from({ length: 200 }, (_, index) => `${index},"row ${index}, žalia"`).join('\n')}\n`

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground)
  member = await ground.person('MEMBER')
  admin = await ground.person('ADMIN')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

/** A finished report and a link to its document. */
async function document(
  person = member,
  more: { input?: string; bytes?: string; life?: string; fileName?: string } = {},
) {
  const id = await api.ask(person.token, more.input)
  const facts = await api.carrier.finish(uuidOf(id), {
    bytes: more.bytes ?? BYTES,
    rows: 200,
    fileName: more.fileName ?? 'pardavimai „Q1“.csv',
  })
  return { id, facts, url: await linkTo(id, person, more.life) }
}
async function linkTo(id: string, person: Person, life = 'PT15M'): Promise<string> {
  const { body } = await api.post(
    'query ($id: ID!, $life: Duration) { report(id: $id) { document { downloadUrl(expiresIn: $life) } } }',
    { token: person.token, variables: { id, life } },
  )
  return body.data.report.document.downloadUrl
}
const status = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status

describe('a document', () => {
  test('comes whole, with all it must say', async () => {
    const { url, facts } = await document()
    const response = await fetch(url)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(facts.byteSize),
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="pardavimai _Q1_.csv"; filename*=UTF-8''pardavimai%20%E2%80%9EQ1%E2%80%9C.csv`,
      etag: `"${facts.sha256}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; .*; sandbox$/),
      'referrer-policy': 'no-referrer',
    })
    expect(await response.text()).toBe(BYTES)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag'), await head.text()]).toEqual([
      200,
      String(facts.byteSize),
      `"${facts.sha256}"`,
      '',
    ])
    expect(await status(url, { method: 'POST', body: '' })).toBe(405)
  })

  test.each([
    ['bytes=0-9', 206, (size: number) => [0, 9, size]],
    ['bytes=100-199', 206, (size: number) => [100, 199, size]],
    ['bytes=100-', 206, (size: number) => [100, size - 1, size]],
    ['bytes=-5', 206, (size: number) => [size - 5, size - 1, size]],
    ['bytes=10-99999999', 206, (size: number) => [10, size - 1, size]],
    ['bytes=0-1,5-6', 200, null],
    ['bytes=9-5', 200, null],
    ['lines=1-2', 200, null],
    ['bytes=99999999-', 416, null],
    ['bytes=-0', 416, null],
  ] as const)('Range %s', async (range, expected, at) => {
    const { url, facts } = await document()
    const response = await fetch(url, { headers: { range } })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.status).toBe(expected)
    if (expected === 416) return expect(response.headers.get('content-range')).toBe(`bytes */${facts.byteSize}`)
    const [start, end, size] = at ? at(facts.byteSize) : [0, facts.byteSize - 1, facts.byteSize]
    expect(bytes).toEqual(Buffer.from(BYTES).subarray(start, end! + 1))
    expect(response.headers.get('content-length')).toBe(String(end! - start! + 1))
    expect(response.headers.get('content-range')).toBe(at ? `bytes ${start}-${end}/${size}` : null)
  })

  test('conditions: If-None-Match and If-Range', async () => {
    const { url, facts } = await document()
    const etag = `"${facts.sha256}"`
    expect(await status(url, { headers: { 'if-none-match': etag } })).toBe(304)
    expect(await status(url, { headers: { 'if-none-match': `W/"x", ${etag}` } })).toBe(304)
    expect(await status(url, { headers: { 'if-none-match': '*' } })).toBe(304)
    expect(await status(url, { headers: { 'if-none-match': '"other"' } })).toBe(200)
    expect(await status(url, { headers: { range: 'bytes=0-1', 'if-range': etag } })).toBe(206)
    expect(await status(url, { headers: { range: 'bytes=0-1', 'if-range': '"other"' } })).toBe(200)
    const head = await fetch(url, { method: 'HEAD', headers: { range: 'bytes=0-1' } })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(facts.byteSize)])
  })

  test('of no bytes is a document too', async () => {
    const { url } = await document(member, { bytes: '' })
    const response = await fetch(url)
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '0', ''])
  })
})

describe('a link', () => {
  test('is forged when any of its facts is another', async () => {
    const { url } = await document()
    const other = await document()
    const change = (edit: (url: URL) => void) => {
      const changed = new URL(url)
      edit(changed)
      return changed.href
    }
    const set = (name: string, value: string) => change(({ searchParams }) => searchParams.set(name, value))
    const forged = [
      change((each) => (each.pathname = new URL(other.url).pathname)),
      change((each) => (each.pathname = each.pathname.replace(/\/1$/, '/2'))),
      set('expires', '99999999999'),
      set('issuer', admin.id),
      set('issuer', 'nobody'),
      set('key', '00000000'),
      set('signature', 'A'.repeat(43)),
      set('signature', new URL(other.url).searchParams.get('signature')!),
      ...['expires', 'issuer', 'key', 'signature'].map((name) =>
        change(({ searchParams }) => searchParams.delete(name)),
      ),
      `${api.publicUrl}/documents/`,
      `${api.publicUrl}/documents/x/1?expires=1&issuer=x&key=x&signature=x`,
      `${api.publicUrl}/documents/../../etc/passwd`.replace('..', '%2e%2e'),
    ]
    for (const each of forged) expect([each, [403, 404].includes(await status(each))]).toEqual([each, true])
    expect(await status(forged[0]!)).toBe(403)
    expect(await status(url)).toBe(200)
  })

  test('that has expired is 410; a person gets a page, a program a line', async () => {
    const { id } = await document()
    const links = createLinks({ publicUrl: () => api.publicUrl, secrets: [SECRET] })
    const viewer = {
      userId: member.id,
      tenantId: member.tenant,
      role: 'MEMBER' as const,
      scopes: [],
      tokenExpiresAt: null,
      apiTokenId: null,
    }
    const old = links.to(
      { reportId: uuidOf(id), attempt: 1, expiresAt: new Date(Date.now() + 3_600_000) },
      viewer,
      'PT1M',
      Date.now() - 120_000,
    )
    const program = await fetch(old)
    expect([program.status, program.headers.get('content-type')]).toEqual([410, 'text/plain; charset=utf-8'])
    expect(await program.text()).not.toContain('<')
    const person = await fetch(old, { headers: { accept: 'text/html,*/*' } })
    expect([person.status, person.headers.get('content-type')]).toEqual([410, 'text/html; charset=utf-8'])
    expect(await person.text()).toContain('<h1>Link expired</h1>')
  })

  test('ends with its document, and with the token that asked for it', async () => {
    const { url, id } = await document(member, { life: 'P7D' })
    const [row] = await ground.database.sql<{ at: string }>(
      `select floor(extract(epoch from expires_at))::text as at from broadsheet.report where id = $1`,
      [uuidOf(id)],
    )
    expect(new URL(url).searchParams.get('expires')).toBe(row!.at)
    const soon = new Date(Date.now() + 60_000)
    const brief = await ground.person('ADMIN', { expiresAt: soon })
    expect(new URL(await linkTo(id, brief, 'P7D')).searchParams.get('expires')).toBe(
      String(Math.floor(soon.getTime() / 1_000)),
    )
  })

  test.each([
    [
      'an expired document',
      (id: string) => ground.database.sql(`update broadsheet.report set expires_at = now() where id = $1`, [id]),
    ],
    [
      'a report that is EXPIRED',
      (id: string) => ground.database.sql(`update broadsheet.report set status = 'EXPIRED' where id = $1`, [id]),
    ],
    ['a deleted report', (id: string) => ground.database.sql(`delete from broadsheet.report where id = $1`, [id])],
    [
      'a document of another attempt',
      (id: string) => ground.database.sql(`update broadsheet.report set attempt = attempt + 1 where id = $1`, [id]),
    ],
  ])('to %s is 410', async (_, end) => {
    const { url, id } = await document()
    await end(uuidOf(id))
    expect(await status(url)).toBe(410)
  })

  test('is worth what its issuer may read now', async () => {
    const owner = await ground.person('MEMBER')
    const [reader, boss] = [await ground.person('MEMBER'), await ground.person('ADMIN')]
    const { id, url } = await document(owner, { input: 'visibility: TENANT' })
    const [readers, bosss] = [await linkTo(id, reader), await linkTo(id, boss)]
    expect(await Promise.all([url, readers, bosss].map((each) => status(each)))).toEqual([200, 200, 200])
    await ground.database.sql(`update broadsheet.report set visibility = 'PRIVATE' where id = $1`, [uuidOf(id)])
    expect(await Promise.all([url, readers, bosss].map((each) => status(each)))).toEqual([200, 410, 200])
    await ground.database.sql(`update broadsheet.app_user set role = 'MEMBER' where id = $1`, [boss.id])
    expect(await status(bosss)).toBe(410)
    await ground.database.sql(`update broadsheet.app_user set removed_at = now() where id = $1`, [owner.id])
    expect(await status(url)).toBe(410)
  })

  test('outlives a new first secret, until the old one goes', async () => {
    const { url, id } = await document()
    const second = await startApi(ground, { BROADSHEET_SECRET: `the-new-secret-of-the-tests-0123456789,${SECRET}` })
    const third = await startApi(ground, { BROADSHEET_SECRET: 'the-new-secret-of-the-tests-0123456789' })
    const at = (each: TestApi, link: string) => status(`${each.publicUrl}${link.slice(new URL(link).origin.length)}`)
    try {
      expect([await at(second, url), await at(third, url)]).toEqual([200, 403])
      const { body } = await second.post('query ($id: ID!) { report(id: $id) { document { downloadUrl } } }', {
        token: member.token,
        variables: { id },
      })
      const fresh = body.data.report.document.downloadUrl
      expect([await at(second, fresh), await at(third, fresh), await at(api, fresh)]).toEqual([200, 200, 403])
    } finally {
      await Promise.all([second.close(), third.close()])
    }
  })
})

describe('when bytes are missing', () => {
  test.each([
    ['gone', (path: string) => rm(path)],
    ['cut short', (path: string) => truncate(path, 100)],
  ])('%s: 410, logged, and nothing partial', async (_, harm) => {
    const { url, facts, id } = await document()
    await harm(join(ground.directory, facts.key))
    const response = await fetch(url)
    expect(response.status).toBe(410)
    expect(await response.text()).toContain('Document gone')
    expect(await status(url, { headers: { range: 'bytes=0-9' } })).toBe(410)
    expect(api.lines.some((line) => line.includes('"level":50') && line.includes(uuidOf(id)))).toBe(true)
  })

  test('a reader that goes away leaves no open file, and no error in the log', async () => {
    const { url, facts } = await document(member, { bytes: 'x'.repeat(30_000_000) })
    const errors = () => api.lines.filter((line) => line.includes('"level":50')).length
    const before = errors()
    const request = get(url)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await once(response, 'readable')
    expect(await openFiles(facts.key)).toBe(1)
    request.destroy()
    await until(async () => (await openFiles(facts.key)) === 0)
    expect(errors()).toBe(before)
  })
})

test('each download is a line in the log, with report and issuer; HEAD, a known ETag and a refusal are none', async () => {
  const { id, url, facts } = await document()
  const lines = () => api.lines.filter((line) => line.includes('"msg":"download"') && line.includes(uuidOf(id)))
  await status(url, { method: 'HEAD' })
  await status(url, { headers: { 'if-none-match': `"${facts.sha256}"` } })
  await status(url, { headers: { range: 'bytes=99999999-' } })
  await status(`${url}x`)
  expect(lines()).toEqual([])
  await status(url)
  await status(url, { headers: { range: 'bytes=0-9' } })
  await status(url)
  expect(lines().map((line) => JSON.parse(line))).toMatchObject([
    { issuer: member.id },
    { issuer: member.id, range: 'bytes=0-9' },
    { issuer: member.id },
  ])
})

test('no signature is ever logged', () => {
  const log = api.lines.join('')
  expect(log).toContain('download')
  expect(log).not.toMatch(/signature/i)
  expect(log).not.toContain('expires=')
  expect(log).not.toContain(member.token)
})

/** File descriptors of this process on a path that ends so. */
async function openFiles(key: string): Promise<number> {
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return targets.filter((target) => target.endsWith(key)).length
}
