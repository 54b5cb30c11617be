import { UPLOAD_STATUSES } from '../src/upload/status.ts'
import type { Upload } from '../src/upload/upload.entity.ts'
import type { UploadRequest } from '../src/upload/uploads.ts'
import { builder } from './builder.ts'
import { idOf } from './global-id.ts'
import { meanings } from './meanings.ts'
import { outcomeOf, UserErrorRef, type Outcome } from './user-error.ts'

const UploadStatusRef = builder.enumType('UploadStatus', {
  description: 'Whether the bytes of an upload are there.',
  values: meanings(UPLOAD_STATUSES, {
    WAITING: 'Its bytes have not come.',
    READY: 'Its bytes are there.',
    REFUSED: 'Its content is not what was said.',
    EXPIRED: 'Its time is over.',
  }),
})

const UploadRef = builder.loadableNodeRef<Upload, string, string, string, Upload>('Upload', {
  id: { resolve: (upload) => upload.id },
  load: (ids: string[], { reading, uploads, viewer }) => uploads.byIds(viewer, reading, ids) as Promise<Upload[]>,
})
UploadRef.implement({
  description:
    'A file that a report reads. Kept 24 h, or as long as a schedule or an unfinished report names it. Owner only.',
  isTypeOf: (value) => (value as object).constructor?.name === 'Upload',
  fields: (t) => ({
    fileName: t.exposeString('fileName', { description: 'As its owner calls it.' }),
    contentType: t.exposeString('contentType', { description: 'Media type; its content is checked against it.' }),
    byteSize: t.expose('byteSize', { type: 'BigInt', description: 'Bytes, exactly.' }),
    status: t.expose('status', { type: UploadStatusRef, description: 'Whether a report can read it.' }),
    refusal: t.exposeString('refusal', { nullable: true, description: 'Why it is REFUSED.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when it is kept at least; longer while a schedule or an unfinished report names it.',
    }),
  }),
})

const UploadRequestRef = builder.objectRef<UploadRequest>('UploadRequest').implement({
  description: 'One PUT of exactly byteSize bytes with these headers.',
  fields: (t) => ({
    upload: t.field({ type: UploadRef, resolve: ({ upload }) => upload as never, description: 'What it is for.' }),
    url: t.expose('url', { type: 'URL', description: 'Signed; needs no other credential.' }),
    headers: t.field({ type: 'JSON', resolve: ({ headers }) => headers, description: 'Names and values.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when the PUT may begin.' }),
  }),
})

const UploadPayloadRef = builder.objectRef<Outcome<UploadRequest>>('UploadPayload').implement({
  description: 'The upload and how its bytes come, or why not.',
  fields: (t) => ({
    request: t.field({
      type: UploadRequestRef,
      nullable: true,
      resolve: (outcome) => outcome.object,
      description: 'Null where there are userErrors.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What the caller can mend.',
    }),
  }),
})

builder.queryFields((t) => ({
  upload: t.field({
    type: UploadRef,
    nullable: true,
    description: 'Null, without error, for an unknown or a foreign id.',
    args: { id: t.arg.id({ required: true, description: 'As the API gave it.' }) },
    resolve: (_, { id }) => idOf('Upload', id) as never,
  }),
}))

builder.mutationFields((t) => ({
  createUpload: t.field({
    type: UploadPayloadRef,
    description: 'Announces a file; its bytes follow with one PUT to the address that comes back.',
    args: {
      fileName: t.arg.string({ required: true, description: 'At most 200 characters, no slashes.' }),
      contentType: t.arg.string({ required: true, description: 'Media type: application/pdf, text/csv ...' }),
      byteSize: t.arg({ type: 'BigInt', required: true, description: 'Exactly as many bytes as will come.' }),
    },
    resolve: (_, file, { uploads, viewer }) => outcomeOf(() => uploads.create(viewer, file)),
  }),
}))
