import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { uploadsOf } from '../../src/upload/of-report.ts'
import { expireUploads } from '../../src/upload/upkeep.ts'
import { removeLeftovers } from '../../worker/sweeper.ts'
import { gidOf, uuidOf } from '../support/api.ts'
import { until } from '../support/until.ts'
import { openUploadScene, PDF, type UploadScene } from '../support/uploads.ts'

let scene: UploadScene
beforeAll(async () => {
  scene = await openUploadScene()
})
afterAll(() => scene?.close())
const log = createLog({ level: 'silent', process: 'test' })
const later = () => new Date(Date.now() + 60_000)

describe('a report that names it', () => {
  test('takes one’s own that is there; all others are told by their path', async () => {
    const file = await scene.brought()
    expect(await scene.ask(scene.ann, file)).toEqual({ report: { id: expect.any(String) }, userErrors: [] })
    const waiting = (await scene.announced(PDF)).upload.id
    const refused = await scene.announced(PDF)
    await scene.put(refused.url, Buffer.alloc(PDF.length))
    const gone = await scene.brought()
    await scene.set(gone, `expires_at = now() - interval '1 minute'`)
    const field = ['report', 'pdfTables', 'file']
    const admin = await scene.ground.person('ADMIN')
    const NOT_FOUND = { field, code: 'NOT_FOUND', message: 'There is no such upload, or it is not yours.' }
    expect((await scene.ask(admin, file)).userErrors).toEqual([NOT_FOUND])
    for (const none of [gidOf('Upload', crypto.randomUUID()), gidOf('Report', uuidOf(file)), 'nothing', ''])
      expect((await scene.ask(scene.ann, none)).userErrors, none).toEqual([NOT_FOUND])
    for (const [id, word] of [[waiting, 'have not come'], [refused.upload.id, 'refused'], [gone, 'expired']]) // prettier-ignore
      expect((await scene.ask(scene.ann, id!)).userErrors).toEqual([{ field, code: 'INVALID', message: expect.stringContaining(word!) }]) // prettier-ignore
    const byName = await scene.api.post(
      `mutation ($p: JSON) { requestReport(input: { report: { byName: { type: "pdf_tables", parameters: $p } } }) { userErrors { field code } } }`,
      { token: scene.ann.token, variables: { p: { file: 'nothing' } } },
    )
    expect(byName.body.data.requestReport.userErrors).toEqual([
      { field: ['report', 'byName', 'parameters', 'file'], code: 'NOT_FOUND' },
    ])
  })

  test('keeps it until it has ended; then it expires, with its bytes, and the report can not be tried again', async () => {
    const database = scene.worker
    const file = await scene.brought()
    const { report } = await scene.ask(scene.ann, file)
    const over = () => scene.set(file, `expires_at = now() - interval '1 minute', used_at = now() - interval '1 hour'`)
    await over()
    expect((await expireUploads(database)).map((each) => each.id)).not.toContain(uuidOf(file))
    expect((await scene.look(file)).status).toBe('READY')
    expect((await scene.ask(scene.ann, file)).userErrors).toEqual([])
    await scene.api.carrier.fail(await scene.api.carrier.claim(uuidOf(report.id)))
    await scene.ground.database.sql(`update broadsheet.report set status = 'CANCELED' where status = 'QUEUED'`)
    await over()
    expect((await scene.look(file)).status).toBe('EXPIRED')
    const { key } = await scene.row(file)
    expect(await expireUploads(database)).toEqual([{ id: uuidOf(file), key }])
    expect(await scene.row(file)).toMatchObject({ status: 'EXPIRED', key: null, sha256: null })
    const again = await scene.api.post(
      `mutation ($id: ID!) { retryReport(id: $id) { report { status } userErrors { field code message } } }`,
      { token: scene.ann.token, variables: { id: report.id } },
    )
    expect(again.body.data.retryReport).toEqual({
      report: { status: 'FAILED' },
      userErrors: [{ field: ['id'], code: 'NOT_RETRYABLE', message: expect.stringContaining('expired') }],
    })
    // The sweep removes what a crash between the commit and the removal has left.
    expect(await scene.store.size(key!)).toBe(PDF.length)
    await removeLeftovers({ database, store: scene.store, log, before: later() })
    expect(await scene.store.size(key!)).toBe(null)
    const other = await scene.brought()
    await removeLeftovers({ database, store: scene.store, log, before: later() })
    expect(await scene.store.size((await scene.row(other)).key!)).toBe(PDF.length)
  })

  test('a sweep that looks while a report comes to name it leaves it alone', async () => {
    const database = scene.worker
    const file = await scene.brought()
    const client = await scene.ground.database.hold()
    await scene.set(file, `expires_at = now() + interval '1 second'`)
    // As requestReport has it: touched, and then the report; committed while the sweep waits or has looked.
    await client.query(`update broadsheet.upload set used_at = clock_timestamp() where id = $1`, [uuidOf(file)])
    await until(async () => (await scene.ground.database.sql<{ over: boolean }>(`select expires_at < clock_timestamp() as over from broadsheet.upload where id = $1`, [uuidOf(file)]))[0]!.over) // prettier-ignore
    expect(await expireUploads(database)).toEqual([])
    await client.query('commit')
    await client.end()
    expect(await expireUploads(database)).toEqual([])
    expect((await scene.row(file)).status).toBe('READY')
  })

  test('is looked at again before any of its code runs', async () => {
    const database = scene.worker
    const file = await scene.brought()
    const named = { tenantId: scene.ann.tenant, requestedBy: scene.ann.id, uploads: [uuidOf(file)] }
    expect(await uploadsOf(database, named)).toMatchObject({ [uuidOf(file)]: { byteSize: PDF.length } })
    const wrong = [
      { ...named, requestedBy: crypto.randomUUID() },
      { ...named, tenantId: 'elsewhere' },
      { ...named, uploads: [crypto.randomUUID()] },
    ]
    for (const each of wrong)
      await expect(uploadsOf(database, each)).rejects.toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false })
    await scene.set(file, `status = 'EXPIRED', key = null, sha256 = null`)
    await expect(uploadsOf(database, named)).rejects.toThrow('EXPIRED')
  })
})

describe('a schedule that names it', () => {
  const CREATE_SCHEDULE = `mutation ($file: ID!) { createSchedule(input: { title: "Load", cadence: { cron: "0 6 * * *" }, report: { pdfTables: { file: $file } } }) { schedule { id } userErrors { field code } } }`

  test('keeps it for as long as it is there', async () => {
    const database = scene.worker
    const file = await scene.brought()
    const { body } = await scene.api.post(CREATE_SCHEDULE, { token: scene.ann.token, variables: { file } })
    const { id } = body.data.createSchedule.schedule
    const over = () => scene.set(file, `expires_at = now() - interval '1 minute', used_at = now() - interval '1 hour'`)
    await over()
    expect(await expireUploads(database)).toEqual([])
    expect((await scene.look(file)).status).toBe('READY')
    const run = await scene.api.post(`mutation ($id: ID!) { runScheduleNow(id: $id) { report { id } userErrors { code } } }`, { token: scene.ann.token, variables: { id } }) // prettier-ignore
    const { report } = run.body.data.runScheduleNow
    const [{ uploads }] = await scene.ground.database.sql<{ uploads: string[] }>(`select uploads from broadsheet.report where id = $1`, [uuidOf(report.id)]) as [{ uploads: string[] }] // prettier-ignore
    expect(uploads).toEqual([uuidOf(file)])
    await scene.api.post(`mutation ($id: ID!) { cancelReport(id: $id) { userErrors { code } } }`, { token: scene.ann.token, variables: { id: report.id } }) // prettier-ignore

    const next = await scene.brought()
    const update = await scene.api.post(`mutation ($id: ID!, $file: ID!) { updateSchedule(input: { id: $id, report: { pdfTables: { file: $file } } }) { userErrors { field code } } }`, { token: scene.ann.token, variables: { id, file: next } }) // prettier-ignore
    expect(update.body.data.updateSchedule.userErrors).toEqual([])
    await over()
    expect((await expireUploads(database)).map((each) => each.id)).toEqual([uuidOf(file)])
    await scene.api.post(`mutation ($id: ID!) { deleteSchedule(id: $id) { deletedId } }`, { token: scene.ann.token, variables: { id } }) // prettier-ignore
    await scene.set(next, `expires_at = now() - interval '1 minute', used_at = now() - interval '1 hour'`)
    expect((await expireUploads(database)).map((each) => each.id)).toEqual([uuidOf(next)])
  })

  test('is not made with one that is not its maker’s', async () => {
    const file = await scene.brought()
    const admin = await scene.ground.person('ADMIN')
    const { body } = await scene.api.post(CREATE_SCHEDULE, { token: admin.token, variables: { file } })
    expect(body.data.createSchedule).toEqual({
      schedule: null,
      userErrors: [{ field: ['report', 'pdfTables', 'file'], code: 'NOT_FOUND' }],
    })
  })
})
