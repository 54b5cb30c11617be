import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const DAY = 24 * 3600 * 1000
/** Items of one page: a megabyte of them. */
const PAGE = 3_000

/** Event number `index` of a day, without its place in time. */
export interface BenchEvent {
  readonly visitor: string
  readonly path: string
  readonly referrer: string
  readonly user_agent: string
}

interface Asked {
  readonly ExpressionAttributeValues: Readonly<Record<':day' | ':start' | ':end', { S: string }>>
  readonly ExclusiveStartKey?: { readonly time_id: { S: string } }
}

/**
 * A table of DynamoDB by day, which has so many events on each day, spread evenly, and holds none of them: each is made when it is
 * read. It speaks what a report asks of such a table: DescribeTable and Query.
 */
export async function startDynamo(count: number, event: (day: string, index: number) => BenchEvent) {
  const timeOf = (day: string, index: number) => Date.parse(`${day}T00:00:00Z`) + Math.floor((index * DAY) / count)
  const keyOf = (day: string, index: number) =>
    `${new Date(timeOf(day, index)).toISOString()}#r${String(index).padStart(8, '0')}`
  /** Of the first event whose key is not less. */
  function placeOf(day: string, key: string): number {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >> 1
      if (keyOf(day, middle) < key) low = middle + 1
      else high = middle
    }
    return low
  }
  function itemOf(day: string, index: number): object {
    const key = keyOf(day, index)
    const { visitor, path, referrer, user_agent } = event(day, index)
    const texts = { request_id: key.slice(25), time: key.slice(0, 24), visitor, path, referrer, user_agent }
    return { ...Object.fromEntries(Object.entries(texts).map(([name, S]) => [name, { S }])), status: { N: '200' } }
  }

  function page({ ExpressionAttributeValues: values, ExclusiveStartKey: after }: Asked): object {
    const day = values[':day'].S
    const first = after ? Number(after.time_id.S.slice(26)) + 1 : placeOf(day, values[':start'].S)
    const end = placeOf(day, values[':end'].S)
    const till = Math.min(end, first + PAGE)
    const Items = Array.from({ length: Math.max(0, till - first) }, (_, index) => itemOf(day, first + index))
    const next = till < end && { LastEvaluatedKey: { day: { S: day }, time_id: { S: keyOf(day, till - 1) } } }
    return { Items, Count: Items.length, ScannedCount: Items.length, ...next }
  }
  const described = {
    Table: {
      TableStatus: 'ACTIVE',
      KeySchema: [
        { AttributeName: 'day', KeyType: 'HASH' },
        { AttributeName: 'time_id', KeyType: 'RANGE' },
      ],
    },
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(await text(request)) as Asked
    const isQuery = String(request.headers['x-amz-target']).endsWith('.Query')
    const body = JSON.stringify(isQuery ? page(asked) : described)
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
