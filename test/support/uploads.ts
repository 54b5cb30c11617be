import { request as httpRequest } from 'node:http'
import { expect } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { openStore } from '../../src/stores/index.ts'
import { createGround, startApi, uuidOf, type Person } from './api.ts'

const CREATE = `mutation ($name: String!, $type: String!, $size: BigInt!) { createUpload(fileName: $name, contentType: $type, byteSize: $size) {
  request { upload { id fileName contentType byteSize status refusal expiresAt } url headers expiresAt } userErrors { field message code } } }`
/** What passes for a PDF at the door. */
export const PDF = Buffer.from(`%PDF-1.7\n${'x'.repeat(3000)}`)

/** The API with small limits for uploads, somebody who makes them, and looks behind the scenes. */
export async function openUploadScene() {
  const ground = await createGround()
  const api = await startApi(ground, { UPLOAD_MAX_BYTES: '1000000', UPLOADS_PER_USER: '40' })
  const ann = await ground.person('MEMBER')
  const openedStore = await openStore(`file:${ground.directory}`)

  const scene = {
    ground,
    api,
    ann,
    store: openedStore,
    worker: ground.database.open(WORKER_ROLE),
    create: (person: Person, file: { name?: string; type?: string; size: number | string }) =>
      api.post(CREATE, {
        token: person.token,
        variables: { name: file.name ?? 'invoice.pdf', type: file.type ?? 'application/pdf', size: file.size },
      }),
    async announce(person: Person, file: { name?: string; type?: string; size: number | string }) {
      const { body } = await scene.create(person, file)
      if (!body.data) throw new Error(JSON.stringify(body))
      return body.data.createUpload
    },
    /** The request for an upload of these bytes. */
    async announced(bytes: Buffer, type = 'application/pdf', person = ann) {
      const { request, userErrors } = await scene.announce(person, { type, size: bytes.length })
      expect(userErrors).toEqual([])
      return request
    },
    put: (url: string, bytes: Buffer, headers: Record<string, string> = { 'content-type': 'application/pdf' }) =>
      fetch(url, { method: 'PUT', body: bytes as never, headers }),
    /** The id of an upload that is READY. */
    async brought(bytes = PDF, person = ann): Promise<string> {
      const { url, headers, upload } = await scene.announced(bytes, 'application/pdf', person)
      expect((await scene.put(url, bytes, headers)).status).toBe(204)
      return upload.id
    },
    async look(id: string, person = ann) {
      const { body } = await api.post(
        `query ($id: ID!) { upload(id: $id) { status refusal fileName byteSize } node(id: $id) { id } }`,
        { token: person.token, variables: { id } },
      )
      return body.data.upload && { ...body.data.upload, node: body.data.node?.id }
    },
    row: async (id: string) =>
      (
        await ground.database.sql<{ status: string; key: string | null; sha256: string | null }>(
          `select * from broadsheet.upload where id = $1`,
          [uuidOf(id)],
        )
      )[0]!,
    set: (id: string, what: string) =>
      ground.database.sql(`update broadsheet.upload set ${what} where id = $1`, [uuidOf(id)]),
    /** All keys in the store, with what is pending. */
    kept: () => Array.fromAsync(openedStore.olderThan('', new Date(Date.now() + 60_000))),
    /** Asks for its table. */
    ask: async (person: Person, file: string) =>
      (
        await api.post(
          `mutation ($file: ID!) { requestReport(input: { report: { pdfTables: { file: $file } } }) { report { id } userErrors { field code message } } }`,
          { token: person.token, variables: { file } },
        )
      ).body.data.requestReport,
    /** A PUT that does not say its length; its status. */
    async chunked(url: string, bytes: Buffer): Promise<number> {
      const sending = httpRequest(url, { method: 'PUT', headers: { 'content-type': 'application/pdf' } })
      const answer = new Promise<number>((resolve, reject) => {
        sending.on('response', (response) => resolve(response.resume().statusCode!)).on('error', reject)
      })
      sending.write(bytes.subarray(0, 2000))
      sending.end(bytes.subarray(2000))
      return answer
    },
    async close() {
      await api.close()
      await ground.drop()
    },
  }
  return { ...scene, worker: await scene.worker }
}
export type UploadScene = Awaited<ReturnType<typeof openUploadScene>>
