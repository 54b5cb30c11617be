import { defineEntity, p } from '@mikro-orm/core'
import type { UploadStatus } from './status.ts'

const UploadSchema = defineEntity({
  name: 'Upload',
  tableName: 'upload',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    createdBy: p.uuid(),
    fileName: p.text(),
    contentType: p.text(),
    /** As it was announced, and as it is. */
    byteSize: p.bigint('number'),
    status: p.text().$type<UploadStatus>(),
    /** Why it is REFUSED. */
    refusal: p.text().nullable(),
    /** Where the store has it, and the SHA-256 of its bytes, hex; while it is READY. */
    key: p.text().nullable(),
    sha256: p.text().nullable(),
    createdAt: p.datetime(),
    /** Until when its bytes may begin to come. */
    putUntil: p.datetime(),
    /** Kept until then, and for as long after as a schedule or an unfinished report names it. */
    expiresAt: p.datetime(),
    /** When a report or a schedule last came to name it. */
    usedAt: p.datetime().nullable(),
  },
})

/** A file that reports of its owner read. */
export class Upload extends UploadSchema.class {}
UploadSchema.setClass(Upload)
