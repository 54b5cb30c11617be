import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expireUploads } from '../../src/upload/upkeep.ts'
import { uuidOf } from '../support/api.ts'
import { until } from '../support/until.ts'
import { openUploadScene, PDF, type UploadScene } from '../support/uploads.ts'

let scene: UploadScene
beforeAll(async () => {
  scene = await openUploadScene()
})
afterAll(() => scene?.close())

describe('a file comes in', () => {
  test('with one PUT of exactly its bytes, and is READY for its owner alone', async () => {
    const { upload, url, headers, expiresAt } = await scene.announced(PDF)
    expect(upload).toMatchObject({ fileName: 'invoice.pdf', byteSize: PDF.length, status: 'WAITING', refusal: null })
    expect(headers).toEqual({ 'Content-Type': 'application/pdf' })
    expect(new Date(upload.expiresAt).getTime() - Date.now()).toBeGreaterThan(23 * 3600_000)
    expect(new Date(expiresAt).getTime() - Date.now()).toBeLessThan(3601_000)
    expect(await scene.look(upload.id)).toMatchObject({ status: 'WAITING', node: upload.id })
    expect((await scene.put(url, PDF, headers)).status).toBe(204)
    expect(await scene.look(upload.id)).toMatchObject({ status: 'READY', byteSize: PDF.length })
    const { key, sha256 } = await scene.row(upload.id)
    expect(sha256).toBe(createHash('sha256').update(PDF).digest('hex'))
    expect(await text(await scene.store.read(key!))).toBe(PDF.toString())
    expect((await scene.put(url, PDF, headers)).status).toBe(409)

    const admin = await scene.ground.person('ADMIN')
    const stranger = await scene.ground.person('MEMBER', { tenant: 'elsewhere' })
    for (const other of [admin, stranger, await scene.ground.person('MEMBER')])
      expect(await scene.look(upload.id, other)).toBe(null)
  })

  test.each([
    ['another size in the header', 400, PDF.subarray(1), { 'content-type': 'application/pdf' }, 'WAITING'],
    ['another type', 400, PDF, { 'content-type': 'text/csv' }, 'WAITING'],
    ['a coding', 400, PDF, { 'content-type': 'application/pdf', 'content-encoding': 'gzip' }, 'WAITING'],
    ['other content', 415, Buffer.alloc(PDF.length, 'a'), { 'content-type': 'application/pdf' }, 'REFUSED'],
  ])('%s is answered with %i and leaves nothing', async (_, status, bytes, headers, state) => {
    const before = await scene.kept()
    const { upload, url } = await scene.announced(PDF)
    const answer = await scene.put(url, bytes, headers as unknown as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(await scene.look(upload.id)).toMatchObject({ status: state })
    expect(await scene.kept()).toEqual(before)
    if (state === 'REFUSED') {
      expect((await scene.look(upload.id)).refusal).toBe('Its content is not a PDF.')
      expect((await scene.put(url, PDF)).status).toBe(410)
    } else expect((await scene.put(url, PDF)).status).toBe(204)
  })

  test.each([
    ['one byte too many', Buffer.concat([PDF, Buffer.from('!')])],
    ['one byte too few', PDF.subarray(0, -1)],
  ])('%s without a length in the header is refused, and leaves nothing', async (_, bytes) => {
    const before = await scene.kept()
    const { upload, url } = await scene.announced(PDF)
    expect(await scene.chunked(url, bytes)).toBe(400)
    expect(await scene.look(upload.id)).toMatchObject({ status: 'WAITING' })
    expect(await scene.kept()).toEqual(before)
    expect(await scene.chunked(url, PDF)).toBe(204)
  })

  test.each([
    ['text/csv', 'a,b\n1,ü\n', true],
    ['text/csv', Buffer.from([0x61, 0xff, 0xfe, 0x62]), false],
    ['text/csv', 'a\0b', false],
    ['application/json', ' {"a": 1}', true],
    ['application/json', 'hello', false],
    ['application/x-ndjson', '{"a":1}\n{"a":2}\n', true],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', Buffer.from('PK\x03\x04rest'), true],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', '<html>', false],
  ])('%s with %j: %s', async (type, content, fits) => {
    const bytes = Buffer.from(content as string)
    const { url, headers, upload } = await scene.announced(bytes, type)
    expect((await scene.put(url, bytes, headers)).status).toBe(fits ? 204 : 415)
    expect((await scene.look(upload.id)).status).toBe(fits ? 'READY' : 'REFUSED')
    await scene.set(upload.id, `expires_at = now() - interval '1 day'`)
    await expireUploads(scene.worker)
  })

  test('of two PUTs at once one brings it, and the other leaves nothing', async () => {
    const before = await scene.kept()
    const { upload, url, headers } = await scene.announced(PDF)
    const statuses = (await Promise.all([scene.put(url, PDF, headers), scene.put(url, PDF, headers)])).map(
      ({ status }) => status,
    )
    expect(statuses.toSorted()).toEqual([204, 409])
    const { key } = await scene.row(upload.id)
    expect((await scene.kept()).filter((each) => !before.includes(each))).toEqual([key])
  })

  test('a sender that breaks off leaves an upload that waits, and no bytes', async () => {
    const before = await scene.kept()
    const { upload, url, headers } = await scene.announced(PDF)
    const sending = httpRequest(url, { method: 'PUT', headers: { ...headers, 'content-length': PDF.length } })
    sending.on('error', () => undefined) // it is what we do
    sending.write(PDF.subarray(0, 100))
    await until(async () => (await scene.kept()).length > before.length, { what: 'bytes come' })
    sending.destroy()
    await until(async () => (await scene.kept()).length === before.length, { what: 'what came is gone' })
    expect((await scene.look(upload.id)).status).toBe('WAITING')
    expect((await scene.put(url, PDF, headers)).status).toBe(204)
  })
})

describe('who may bring it', () => {
  test('a forged, changed or borrowed address is answered with 403', async () => {
    const { url } = await scene.announced(PDF)
    const other = (await scene.announced(PDF)).upload.id
    const changed = (change: (url: URL) => void) => {
      const to = new URL(url)
      change(to)
      return to.href
    }
    const forged = [
      changed((to) => to.searchParams.set('issuer', crypto.randomUUID())),
      changed((to) => to.searchParams.set('tenant', 'elsewhere')),
      changed((to) => to.searchParams.set('expires', '9999999999')),
      changed((to) => to.searchParams.set('signature', 'A'.repeat(43))),
      changed((to) => (to.pathname = `/uploads/${uuidOf(other)}`)),
      changed((to) => to.searchParams.delete('key')),
    ]
    for (const each of forged) expect((await scene.put(each, PDF)).status, each).toBe(403)
    // Neither kind of link passes for the other.
    const document = changed((to) => (to.pathname = `${to.pathname.replace('uploads', 'documents')}/1`))
    expect((await fetch(document)).status).toBe(403)
    expect((await fetch(url)).status).toBe(405)
  })

  test('an address that is too old, or whose issuer may not any more, is answered with 410', async () => {
    const bob = await scene.ground.person('MEMBER')
    const { url, upload } = await scene.announced(PDF, 'application/pdf', bob)
    await scene.set(upload.id, `status = 'EXPIRED'`)
    expect((await scene.put(url, PDF)).status).toBe(410)
    await scene.set(upload.id, `status = 'WAITING'`)
    await scene.ground.database.sql(`update broadsheet.app_user set role = 'VIEWER' where id = $1`, [bob.id])
    expect((await scene.put(url, PDF)).status).toBe(410)
    await scene.ground.database.sql(
      `update broadsheet.app_user set role = 'MEMBER', removed_at = now() where id = $1`,
      [bob.id],
    )
    expect((await scene.put(url, PDF)).status).toBe(410)
    const short = await scene.ground.person('MEMBER', { expiresAt: new Date(Date.now() + 1500) })
    const { url: brief, expiresAt } = await scene.announced(PDF, 'application/pdf', short)
    expect(new Date(expiresAt).getTime()).toBeLessThan(Date.now() + 1500)
    await until(async () => (await scene.put(brief, PDF.subarray(1))).status === 410, {
      what: 'the address is too old',
    })
  })

  test('what is wrong with the announcement is told at once', async () => {
    const { userErrors, request } = await scene.announce(scene.ann, {
      name: 'a/b.pdf',
      type: 'image/png',
      size: 1_000_001,
    })
    expect(request).toBe(null)
    expect(userErrors.map(({ field, code }: never) => [field, code])).toEqual([[['fileName'], 'INVALID'], [['contentType'], 'INVALID'], [['byteSize'], 'INVALID']]) // prettier-ignore
    expect((await scene.announce(scene.ann, { size: 0 })).userErrors).toMatchObject([{ field: ['byteSize'] }])
    expect((await scene.announce(scene.ann, { size: '1.5' })).userErrors).toMatchObject([{ field: ['byteSize'] }])
    const viewer = await scene.ground.person('VIEWER')
    const { body } = await scene.create(viewer, { size: 1 })
    expect(body.errors[0].extensions.code).toBe('FORBIDDEN')
  })

  test('as many as may be, also asked for at once; one that ends makes room', async () => {
    const eve = await scene.ground.person('MEMBER')
    const asked = await Promise.all(Array.from({ length: 42 }, () => scene.announce(eve, { size: 5 })))
    const refused = asked.filter(({ request }) => request === null)
    expect(refused.map(({ userErrors }) => userErrors[0].code)).toEqual(['LIMIT_REACHED', 'LIMIT_REACHED'])
    const { id } = asked.find(({ request }) => request !== null).request.upload
    await scene.set(id, `put_until = now() - interval '2 hours'`)
    expect((await scene.look(id, eve)).status).toBe('EXPIRED')
    await expireUploads(scene.worker)
    expect((await scene.announce(eve, { size: 5 })).userErrors).toEqual([])
  })
})
