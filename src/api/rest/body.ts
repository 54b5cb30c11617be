import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'

/** The JSON object of a body of at most so many bytes; nothing is {}. Throws Problem: 400, 413, 415. */
export async function readBody(request: IncomingMessage, longest: number): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let size = 0
  if (Number(request.headers['content-length'] ?? 0) > longest) throw tooLong(longest)
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longest) throw tooLong(longest)
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

const tooLong = (longest: number) => new Problem(413, 'CONTENT_TOO_LARGE', `A body may have at most ${longest} bytes.`)
