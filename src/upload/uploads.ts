import type { FilterQuery } from '@mikro-orm/core'
import { v7 as uuid } from 'uuid'
import type { Database, EntityManager, Reading } from '../db/orm.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import { requireScope, usableUploads } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isStorable, NOT_STORABLE } from '../storable.ts'
import { isUuid } from '../uuid.ts'
import { CONTENT_TYPES } from './content-types.ts'
import { createInLine } from './in-line.ts'
import type { PutLinks } from './links.ts'
import { HELD } from './named.ts'
import { Upload } from './upload.entity.ts'

export interface UploadLimits {
  /** Largest file, in bytes. */
  readonly maxBytes: number
  /** Most files of one user that wait or are kept. */
  readonly perUser: number
}

/** An upload, and the one PUT that brings its bytes. */
export interface UploadRequest {
  readonly upload: Upload
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** Until when the PUT may begin. */
  readonly expiresAt: Date
}

/** How long the PUT may be begun, and how long the file is kept for who has not named it yet. */
const PUT_WITHIN = `interval '1 hour'`
const KEPT = `interval '24 hours'`
const LONGEST_NAME = 200

/** What the API does with uploads, but for their bytes. */
export function createUploads({
  database,
  links,
  limits,
}: {
  database: Database
  links: PutLinks
  limits: UploadLimits
}) {
  const inLine = createInLine()
  return {
    /**
     * Announces a file. Throws Refusal: INVALID at fileName, contentType, byteSize; LIMIT_REACHED where the viewer has as many
     * as may be; Forbidden without reports:write.
     */
    async create(
      viewer: Viewer,
      file: { fileName: string; contentType: string; byteSize: number | string },
    ): Promise<UploadRequest> {
      requireScope(viewer, 'reports:write')
      const facts = checked(file, limits)
      const upload = await inLine(viewer.userId, () =>
        database.inTenant(viewer.tenantId, async (em) => {
          await checkCount(em, viewer, limits.perUser)
          const [row] = await em.execute<{ id: string }[]>(
            `insert into broadsheet.upload (id, tenant_id, created_by, file_name, content_type, byte_size, put_until, expires_at)
           values (?, ?, ?, ?, ?, ?, clock_timestamp() + ${PUT_WITHIN}, clock_timestamp() + ${KEPT}) returning id`,
            [uuid(), viewer.tenantId, viewer.userId, facts.fileName, facts.contentType, facts.byteSize],
          )
          return em.findOneOrFail(Upload, { id: row!.id }, { disableIdentityMap: true })
        }),
      )
      const end = Math.min(upload.putUntil.getTime(), viewer.tokenExpiresAt?.getTime() ?? Infinity)
      const expires = Math.floor(end / 1000)
      const { id: uploadId, tenantId } = upload
      return {
        upload,
        url: links.to({ uploadId, tenantId, expires, issuer: viewer.userId }),
        headers: { 'Content-Type': upload.contentType },
        expiresAt: new Date(expires * 1000),
      }
    },

    /** In the order asked for; null where there is none or it is not the viewer's. As they are by now, also before a sweep. */
    async byIds(viewer: Viewer, reading: Reading, ids: readonly string[]): Promise<(Upload | null)[]> {
      requireScope(viewer, 'reports:read')
      const found = await reading.read(async (em) => {
        const where = { $and: [{ id: { $in: ids.filter(isUuid) } }, usableUploads(viewer)] } as FilterQuery<Upload>
        const uploads = await em.find(Upload, where, { disableIdentityMap: true })
        const over = new Set(await idsOver(em, uploads))
        for (const upload of uploads) if (over.has(upload.id)) upload.status = 'EXPIRED'
        return uploads
      })
      const byId = new Map(found.map((upload) => [upload.id, upload]))
      return ids.map((id) => byId.get(id.toLowerCase()) ?? null)
    },
  }
}

export type Uploads = ReturnType<typeof createUploads>

/** Those whose time is over, whether or not a sweep has seen it. */
async function idsOver(em: EntityManager, uploads: readonly Upload[]): Promise<string[]> {
  const living = uploads.filter(({ status }) => status === 'WAITING' || status === 'READY').map(({ id }) => id)
  if (living.length === 0) return []
  const rows = await em.execute<{ id: string }[]>(
    `select u.id from broadsheet.upload u where u.id = any(?::uuid[]) and not ${HELD}
       and (u.expires_at <= clock_timestamp() or (u.status = 'WAITING' and u.put_until <= clock_timestamp() - ${PUT_WITHIN}))`,
    [`{${living.join(',')}}`],
  )
  return rows.map(({ id }) => id)
}

/** Asks of one user take turns, over all processes, so that many at once do not pass the limit. */
async function checkCount(em: EntityManager, viewer: Viewer, most: number): Promise<void> {
  await em.execute(`select pg_advisory_xact_lock(hashtextextended('uploads ' || ?, 0))`, [viewer.userId])
  const [row] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from broadsheet.upload
     where tenant_id = ? and created_by = ? and status in ('WAITING', 'READY')`,
    [viewer.tenantId, viewer.userId],
  )
  if (row!.count >= most)
    throw refuse('LIMIT_REACHED', null, `You have ${most} uploads, as many as may be: they end after 24 hours.`)
}

function checked(
  file: { fileName: string; contentType: string; byteSize: number | string },
  { maxBytes }: UploadLimits,
): { fileName: string; contentType: string; byteSize: number } {
  const errors: UserError[] = []
  const wrong = (field: string, message: string) => errors.push({ field: [field], code: 'INVALID', message })
  const { fileName } = file
  if (fileName.trim() === '' || fileName.length > LONGEST_NAME)
    wrong('fileName', `A file name has 1 to ${LONGEST_NAME} characters.`)
  else if (!isStorable(fileName)) wrong('fileName', `The file name ${NOT_STORABLE}`)
  // oxlint-disable-next-line no-control-regex -- what a name of a file may not hold
  else if (/[/\\\u0000-\u001f\u007f]/.test(fileName))
    wrong('fileName', 'A file name has no slashes and no control characters.')
  const contentType = file.contentType.split(';')[0]!.trim().toLowerCase()
  if (!CONTENT_TYPES.includes(contentType)) wrong('contentType', `An upload is one of ${CONTENT_TYPES.join(', ')}.`)
  const byteSize = /^\d{1,15}$/.test(String(file.byteSize)) ? Number(file.byteSize) : 0
  if (byteSize < 1) wrong('byteSize', 'byteSize is the size of the file in bytes, a whole number above 0.')
  else if (byteSize > maxBytes) wrong('byteSize', `The file is too large: at most ${maxBytes} bytes.`)
  if (errors.length > 0) throw new Refusal(errors)
  return { fileName, contentType, byteSize }
}
