import type { Database } from '../db/orm.ts'
import { ReportFailed } from '../errors.ts'
import { mayUseUpload } from '../identity/policy.ts'
import type { UploadStatus } from './status.ts'

/** What the process that carries out a report has to know of a file that it reads. */
export interface UploadFacts {
  readonly fileName: string
  readonly contentType: string
  readonly byteSize: number
  readonly sha256: string
  /** Where the store has it. */
  readonly key: string
}

interface UploadRow {
  id: string
  tenant_id: string
  created_by: string
  file_name: string
  content_type: string
  byte_size: string | number
  sha256: string | null
  key: string | null
  status: UploadStatus
}

/**
 * The files that a report's parameters name, by their uuids. Looked at before any of the author's code runs: rejects with
 * the final ReportFailed INVALID_PARAMETERS unless each is there, READY, and of who asked for the report.
 */
export async function uploadsOf(
  database: Database,
  report: { readonly tenantId: string; readonly requestedBy: string; readonly uploads: readonly string[] },
): Promise<Record<string, UploadFacts>> {
  if (report.uploads.length === 0) return {}
  const rows = await database.statement<UploadRow>(
    `select id, tenant_id, created_by, file_name, content_type, byte_size, sha256, key, status
     from broadsheet.upload where id = any(?::uuid[])`,
    [`{${report.uploads.join(',')}}`],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  const viewer = { tenantId: report.tenantId, userId: report.requestedBy }
  return Object.fromEntries(
    report.uploads.map((id) => {
      const row = byId.get(id)
      if (!row || !mayUseUpload(viewer, { tenantId: row.tenant_id, createdBy: row.created_by }))
        throw new ReportFailed('INVALID_PARAMETERS', 'A file that the report names is not there.')
      if (row.status !== 'READY' || row.key === null || row.sha256 === null)
        throw new ReportFailed('INVALID_PARAMETERS', `The file "${row.file_name}" is ${row.status}: it can't be read.`)
      const { file_name: fileName, content_type: contentType, sha256, key } = row
      return [id, { fileName, contentType, byteSize: Number(row.byte_size), sha256, key }]
    }),
  )
}
