import {
  DescribeTableCommand,
  DynamoDBClient,
  QueryCommand,
  ScanCommand,
  type AttributeValue,
  type DescribeTableCommandOutput,
} from '@aws-sdk/client-dynamodb'
import { credentialsOf } from '../bucket/credentials.ts'
import type { EventsSettings } from '../config-named.ts'
import { ReportError, type EventSource, type RequestEvent } from '../report-type/define.ts'
import { dynamoFailure } from './dynamo-failures.ts'
import { merged } from './merged.ts'

/** Parts of the table, or of the time, that are read at once. */
const SEGMENTS = 4
/** Tries of one page; a table that is throttled is asked again after pauses that double up to 20 s. */
const TRIES = 10
/** Milliseconds: to connect, and for one page. */
const CONNECT_WITHIN = 5_000
const ANSWER_WITHIN = 30_000
const DAY = 24 * 3600 * 1000

const ATTRIBUTES = ['request_id', 'time', 'visitor', 'path', 'referrer', 'user_agent', 'status'] as const
/** Half of them are words of DynamoDB's own. */
const NAMES = Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name]))
const WANTED = ATTRIBUTES.map((name) => `#${name}`).join(', ')

type Item = Record<string, AttributeValue>
interface Page {
  readonly Items?: Item[] | undefined
  readonly LastEvaluatedKey?: Item | undefined
}

/**
 * Request events in a table of DynamoDB. Where its key is `day` ("2026-11-21", UTC) and a sort key that begins with the time, only
 * the period's days are read, in slices of time; a table with any other key is scanned in segments. Pages are read consistently: what
 * was written before a report began is in it.
 */
export function createDynamoEvents(
  settings: Extract<EventsSettings, { kind: 'dynamodb' }>,
  { signal }: { signal: AbortSignal },
): EventSource {
  const { table, endpoint, aws } = settings

  async function* between(from: Date, to: Date): AsyncGenerator<readonly RequestEvent[], void, undefined> {
    const client = new DynamoDBClient({
      region: aws.region ?? 'us-east-1',
      ...(endpoint === null ? {} : { endpoint }),
      credentials: credentialsOf(aws),
      maxAttempts: TRIES,
      requestHandler: {
        connectionTimeout: CONNECT_WITHIN,
        requestTimeout: ANSWER_WITHIN,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true, maxSockets: SEGMENTS },
        httpsAgent: { keepAlive: true, maxSockets: SEGMENTS },
      },
    })
    const [first, end] = [from.toISOString(), to.toISOString()]
    try {
      const sortKey = sortKeyByDay(
        await client.send(new DescribeTableCommand({ TableName: table }), { abortSignal: signal }),
      )
      const parts = sortKey === null ? segments(first, end) : slices(from, to, sortKey)
      for await (const items of merged(
        parts.map((ask) => () => pages(ask)),
        SEGMENTS,
      )) {
        const events = items.map(eventOf).filter(({ time }) => time >= first && time < end)
        if (events.length > 0) yield events
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw dynamoFailure(error)
    } finally {
      client.destroy()
    }

    async function* pages(ask: Ask): AsyncGenerator<Item[], void, undefined> {
      let next: Item | undefined
      do {
        const page: Page = await ask(client, next)
        next = page.LastEvaluatedKey
        yield page.Items ?? []
      } while (next !== undefined)
    }
  }

  type Ask = (client: DynamoDBClient, after: Item | undefined) => Promise<Page>

  /** Each page of a scan is of one megabyte before the filter. */
  function segments(first: string, end: string): Ask[] {
    return Array.from(
      { length: SEGMENTS },
      (_, Segment): Ask =>
        (client, after) =>
          client.send(
            new ScanCommand({
              TableName: table,
              Segment,
              TotalSegments: SEGMENTS,
              ConsistentRead: true,
              ProjectionExpression: WANTED,
              FilterExpression: '#time >= :first and #time < :end',
              ExpressionAttributeNames: NAMES,
              ExpressionAttributeValues: { ':first': { S: first }, ':end': { S: end } },
              ...(after && { ExclusiveStartKey: after }),
            }),
            { abortSignal: signal },
          ),
    )
  }

  function slices(from: Date, to: Date, sortKey: string): Ask[] {
    return slicesOf(from.getTime(), to.getTime(), SEGMENTS).map(
      ([start, end]): Ask =>
        (client, after) =>
          client.send(
            new QueryCommand({
              TableName: table,
              ConsistentRead: true,
              ProjectionExpression: WANTED,
              // What begins with the end itself comes after it: the bound is exclusive, but for a key that is the bare time.
              KeyConditionExpression: '#day = :day and #sort between :start and :end',
              ExpressionAttributeNames: { ...NAMES, '#day': 'day', '#sort': sortKey },
              ExpressionAttributeValues: {
                ':day': { S: isoOf(start).slice(0, 10) },
                ':start': { S: isoOf(start) },
                // The last millisecond of the slice, whatever follows it in the key.
                ':end': { S: `${isoOf(end - 1)}\uffff` },
              },
              ...(after && { ExclusiveStartKey: after }),
            }),
            { abortSignal: signal },
          ),
    )
  }

  return { between }
}

/** The sort key's name where the table is by day, else null. */
function sortKeyByDay({ Table }: DescribeTableCommandOutput): string | null {
  const key = (type: string) => Table?.KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName
  return key('HASH') === 'day' ? (key('RANGE') ?? null) : null
}

/** A period cut at each midnight, and further where it has fewer days than are read at once. Milliseconds; [start, end). */
export function slicesOf(from: number, to: number, least: number): [start: number, end: number][] {
  const days: [number, number][] = []
  for (let start = from; start < to;) {
    const end = Math.min(to, (Math.floor(start / DAY) + 1) * DAY)
    days.push([start, end])
    start = end
  }
  const parts = Math.max(1, Math.ceil(least / Math.max(1, days.length)))
  return days.flatMap(([start, end]) => {
    const length = Math.max(1, Math.ceil((end - start) / parts))
    return Array.from({ length: Math.ceil((end - start) / length) }, (_, part): [number, number] => [
      start + part * length,
      Math.min(end, start + (part + 1) * length),
    ])
  })
}

const isoOf = (milliseconds: number) => new Date(milliseconds).toISOString()

function eventOf(item: Item): RequestEvent {
  const text = (name: string): string | null => item[name]?.S ?? item[name]?.N ?? null
  const needed = (name: string): string => {
    const value = text(name)
    if (value === null)
      throw new ReportError(`An event (request_id ${text('request_id') ?? 'missing'}) has no "${name}".`)
    return value
  }
  return {
    requestId: needed('request_id'),
    time: needed('time'),
    visitor: needed('visitor'),
    path: needed('path'),
    referrer: text('referrer'),
    userAgent: text('user_agent'),
    status: Number(needed('status')),
  }
}
