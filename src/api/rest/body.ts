import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'

/** Longest body, in bytes: as for GraphQL. */
const LONGEST_BODY = 1_000_000

/** The JSON object of a body; nothing is {}. Throws Problem: 400, 413, 415. */
export async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let size = 0
  if (Number(request.headers['content-length'] ?? 0) > LONGEST_BODY) throw tooLong()
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LONGEST_BODY) throw tooLong()
    chunks.push(chunk)
  }
  if (size === 0) return {}
  // A form of a foreign page can't send this type without asking first.
  if (!/^application\/json(?:\s*;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new Problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send JSON, with Content-Type: application/json.')
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Problem(400, 'BAD_REQUEST', 'The body must be a JSON object.')
}

const tooLong = () => new Problem(413, 'CONTENT_TOO_LARGE', 'A body may have at most 1 MB.')
