import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ObjectStoreAccess } from '../../src/config-aws.ts'

/** What the light object store does instead of its work, once for each request that it is said of. */
export type Fault =
  | { answer: number; code: string }
  /** The connection is torn before an answer. */
  | 'reset'
  /** No answer, ever. */
  | 'silent'
  /** The work is done, and its answer lost. */
  | 'lost'
  /** After so many bytes of the answer's body the connection is torn, or nothing more comes. */
  | { after: number; ending: 'reset' | 'silence' }

export interface ObjectStore {
  readonly access: ObjectStoreAccess
  /** As a process is told: S3_ENDPOINT, AWS_*. */
  readonly environment: Record<string, string>
  /** An empty bucket. */
  readonly bucket: string
  close(): Promise<void>
}

export interface LightObjectStore extends ObjectStore {
  /** Method and path of all requests so far. */
  readonly requests: string[]
  /** Asked of each request: what goes wrong with it, if anything. */
  faultOf: (request: { method: string; url: string }) => Fault | null
  /** The keys that multipart uploads are open for. */
  uploads(): Promise<string[]>
  /** Makes those begin so many milliseconds ago. */
  age(which: (key: string) => boolean, by: number): Promise<void>
}

/** Settings for a store at this address, with these keys. */
export function accessTo(endpoint: string, id: string, secret: string): Pick<ObjectStore, 'access' | 'environment'> {
  return {
    access: {
      endpoint,
      aws: {
        region: 'us-east-1',
        keys: { id, secret, sessionToken: null },
        profile: null,
        credentialsFile: null,
        configFile: null,
        role: null,
        container: null,
      },
    },
    environment: {
      S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_REGION: 'us-east-1',
    },
  }
}

const BUCKET = 'documents'
interface S3rver {
  configureBuckets(): Promise<unknown>
  callback(): RequestListener
}

/**
 * s3rver in this process, with what it leaves out of S3 and the store needs: uploads are listed and aborted, and one that has ended
 * is not there. And with a way to go wrong.
 */
export async function openLightObjectStore(): Promise<LightObjectStore> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-s3-'))
  const uploadsDirectory = join(directory, BUCKET, '._S3rver_uploads')
  // @ts-expect-error it comes without types
  const { default: S3rverClass } = (await import('s3rver')) as { default: new (options: object) => S3rver }
  const s3rver = new S3rverClass({ directory, silent: true, configureBuckets: [{ name: BUCKET, configs: [] }] })
  await s3rver.configureBuckets()
  const handle = s3rver.callback()

  async function openUploads(): Promise<{ id: string; key: string; at: Date }[]> {
    const ids = await readdir(uploadsDirectory).catch(() => [])
    const found = await Promise.all(
      ids.map(async (id) => {
        const path = join(uploadsDirectory, id, 'key')
        const [key, facts] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => [])
        return key === undefined ? [] : [{ id, key, at: facts!.mtime }]
      }),
    )
    return found.flat().toSorted((one, other) => one.key.localeCompare(other.key))
  }

  async function beside(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url!, 'http://store')
    const id = url.searchParams.get('uploadId')
    if (request.method === 'GET' && url.searchParams.has('uploads')) {
      const prefix = url.searchParams.get('prefix') ?? ''
      const uploads = (await openUploads()).filter(({ key }) => key.startsWith(prefix))
      const rows = uploads.map(({ id, key, at }) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${at.toISOString()}</Initiated></Upload>`) // prettier-ignore
      answer(response, 200, `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListMultipartUploadsResult>`) // prettier-ignore
      return true
    }
    if (id === null) return false
    if (!(await openUploads()).some((upload) => upload.id === id)) {
      answer(response, 404, '<Error><Code>NoSuchUpload</Code></Error>')
      return true
    }
    if (request.method !== 'DELETE') return false
    await rm(join(uploadsDirectory, id), { recursive: true, force: true })
    answer(response, 204, '')
    return true
  }

  const requests: string[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    requests.push(`${method} ${url}`)
    const fault = light.faultOf({ method, url })
    if (fault === 'silent') return void request.resume()
    if (fault === 'reset') return void request.socket.resetAndDestroy()
    if (fault === 'lost') breakAfter(response, 0, 'reset')
    else if (fault && 'after' in fault) breakAfter(response, fault.after, fault.ending)
    else if (fault) {
      request.resume()
      return answer(response, fault.answer, `<Error><Code>${fault.code}</Code></Error>`)
    }
    beside(request, response).then(
      (done) => void (done || handle(request, response)),
      (error: unknown) => void response.destroy(error as Error),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const light: LightObjectStore = {
    ...accessTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'S3RVER', 'S3RVER'),
    bucket: BUCKET,
    requests,
    faultOf: () => null,
    uploads: async () => (await openUploads()).map(({ key }) => key),
    async age(which, by) {
      const then = new Date(Date.now() - by)
      for (const { id, key } of await openUploads())
        if (which(key)) await utimes(join(uploadsDirectory, id, 'key'), then, then)
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await rm(directory, { recursive: true, force: true })
    },
  }
  return light
}

function answer(response: ServerResponse, status: number, xml: string): void {
  const body = xml === '' ? '' : `<?xml version="1.0" encoding="UTF-8"?>${xml}`
  response.writeHead(status, { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(body) }).end(body)
}

/** Lets so many bytes of the body pass, then no more. With none, also the headers are kept back. */
function breakAfter(response: ServerResponse, most: number, ending: 'reset' | 'silence'): void {
  let passed = 0
  const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean
  const tear = () => {
    if (ending === 'reset') response.socket?.destroy()
    return response
  }
  response.write = (chunk: Buffer) => {
    const room = most - passed
    passed += chunk.length
    if (chunk.length <= room) return write(chunk)
    if (room > 0) write(chunk.subarray(0, room), tear)
    else tear()
    return true
  }
  const end = response.end.bind(response) as () => ServerResponse
  response.end = () => (most === 0 || passed > most ? tear() : end())
}
