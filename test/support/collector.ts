import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly name: string
  readonly from: bigint
  readonly until: bigint
  readonly fault: string | null
  readonly process: string
  readonly service: string
  readonly attributes: Record<string, unknown>
}

/** A collector of OpenTelemetry: takes OTLP over HTTP in JSON, and keeps what it got. Ends with close(). */
export async function startCollector() {
  const spans: CollectedSpan[] = []
  const requests: { path: string; headers: Record<string, unknown> }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push({ path: request.url ?? '', headers: request.headers })
    for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
      const of = attributesOf(resource.attributes)
      for (const span of scopeSpans.flatMap((scope: any) => scope.spans))
        spans.push({
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId ?? null,
          name: span.name,
          from: BigInt(span.startTimeUnixNano),
          until: BigInt(span.endTimeUnixNano),
          fault: span.status.code === 2 ? span.status.message : null,
          process: String(of['service.instance.process']),
          service: String(of['service.name']),
          attributes: attributesOf(span.attributes),
        })
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    close: () => new Promise<void>((resolve) => void (server.closeAllConnections(), server.close(() => resolve()))),
  }
}

function attributesOf(list: { key: string; value: Record<string, unknown> }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))
}
