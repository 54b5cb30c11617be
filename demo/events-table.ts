import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  type AttributeValue,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb'
import type { DemoEvent } from './request-events.ts'

/** What DynamoDB takes at once. */
const BATCH = 25
const AT_ONCE = 8
const TRIES = 10

/** `day`: the key that reads a period without the rest of the table; `request`: one that has to be scanned. */
export type EventsKey = 'day' | 'request'

/** A table of request events on a server that speaks DynamoDB's protocol and takes any credentials. */
export function openEventsTable(endpoint: string, table: string) {
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 3,
  })

  async function writeBatch(events: readonly DemoEvent[]): Promise<void> {
    let left: WriteRequest[] = events.map((event) => ({ PutRequest: { Item: itemOf(event) } }))
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === TRIES) throw new Error('The server does not take the events: it is too busy.')
      const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }))
      left = UnprocessedItems?.[table] ?? []
      if (left.length > 0) await new Promise((again) => setTimeout(again, 50 * 2 ** tries))
    }
  }

  return {
    /** Rejects where nobody answers. A table that is there already stays. */
    async create(key: EventsKey = 'day'): Promise<void> {
      const keys = key === 'day' ? (['day', 'time_id'] as const) : (['request_id'] as const)
      try {
        await client.send(
          new CreateTableCommand({
            TableName: table,
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
            KeySchema: keys.map((AttributeName, index) => ({
              AttributeName,
              KeyType: index === 0 ? ('HASH' as const) : ('RANGE' as const),
            })),
          }),
        )
      } catch (error) {
        if (!(error instanceof ResourceInUseException)) throw error
      }
      for (let tries = 0; tries < 100; tries++) {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: table }))
        if (Table?.TableStatus === 'ACTIVE') return
        await new Promise((again) => setTimeout(again, 100))
      }
      throw new Error(`The table ${table} does not become active.`)
    },
    /** `told` hears how many are written. */
    async write(events: Iterable<DemoEvent>, told: (written: number) => void = () => undefined): Promise<number> {
      let written = 0
      const source = events[Symbol.iterator]()
      const writer = async () => {
        for (;;) {
          const batch: DemoEvent[] = []
          for (let next = source.next(); !next.done; next = source.next()) if (batch.push(next.value) === BATCH) break
          if (batch.length === 0) return
          await writeBatch(batch)
          told((written += batch.length))
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, writer))
      return written
    },
    close: () => client.destroy(),
  }
}

function itemOf(event: DemoEvent): Record<string, AttributeValue> {
  const { referrer, status, ...texts } = event
  return {
    day: { S: event.time.slice(0, 10) },
    time_id: { S: `${event.time}#${event.request_id}` },
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: text }])),
    ...(referrer === null ? {} : { referrer: { S: referrer } }),
    status: { N: String(status) },
  }
}
