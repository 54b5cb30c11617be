import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'graphql'
import { inject } from 'vitest'
import { createClient } from './client.ts'
import { createDatabase } from './database.ts'
import { startApi, startWorker } from './service.ts'

const CREATE = `mutation ($name: String!, $type: String!, $size: BigInt!) { createUpload(fileName: $name, contentType: $type, byteSize: $size) {
  request { upload { id } url headers } userErrors { field message code } } }`

/** API and worker with the shipped report types that need no source, as processes. */
export async function openPdfScene(env: Record<string, string> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-pdf-'))
  const database = await createDatabase()
  const options = { databaseUrl: database.url, redisUrl: inject('redisUrl'), dataDirectory: directory, env }
  const [api, worker] = await Promise.all([startApi(options), startWorker(options)])
  const client = createClient(api.url, api.adminToken)
  const ask = (text: string, variables: object): Promise<any> => client.ask(parse(text) as never, variables as never)
  const announce = async (bytes: Buffer, type = 'application/pdf') =>
    (await ask(CREATE, { name: 'statement.pdf', type, size: bytes.length })).createUpload.request

  return {
    directory,
    database,
    options,
    worker,
    client,
    ask,
    announce,
    /** Announces and brings a file; its id. */
    async upload(bytes: Buffer, type = 'application/pdf'): Promise<string> {
      const { upload, url, headers } = await announce(bytes, type)
      const { status } = await fetch(url, { method: 'PUT', headers, body: bytes as never })
      if (status !== 204) throw new Error(`the PUT was answered with ${status}`)
      return upload.id
    },
    /** Asks for the table of an upload; the report's id. */
    async table(file: string, more: object = {}): Promise<string> {
      const { requestReport } = await ask(
        `mutation ($p: PdfTablesParametersInput!) { requestReport(input: { report: { pdfTables: $p } }) { report { id } userErrors { message } } }`,
        { p: { file, ...more } },
      )
      if (!requestReport.report) throw new Error(JSON.stringify(requestReport.userErrors))
      return requestReport.report.id
    },
    async close() {
      await client.close()
      for (const each of [api, worker]) {
        each.kill('SIGKILL')
        await each.stopped
      }
      await database.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
export type PdfScene = Awaited<ReturnType<typeof openPdfScene>>
