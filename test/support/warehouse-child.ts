import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createWarehouse } from '../../src/channels/warehouse.ts'
import { documentOf, handoverOf, log, targetOf } from './warehouse-scene.ts'

/**
 * Delivers a made-up document as a worker would, then says so and waits to be killed. `stallAfter`: gives so many rows and
 * then never another byte.
 */
const { url, table, mode, deliveryId, rows, stallAfter, width } = JSON.parse(process.argv[2]!) as {
  url: string
  table: string
  mode?: 'APPEND' | 'REPLACE'
  deliveryId: string
  rows: number
  stallAfter?: number
  /** Characters of a row's text. */
  width?: number
}

const line = (index: number) => `${index},${`row ${index} `.padEnd(width ?? 20, 'ü')}\n`
/** 500 rows a chunk. */
function* chunks(): Generator<Buffer> {
  yield Buffer.from('id,text\n')
  for (let start = 1; start <= rows; start += 500) {
    if (stallAfter !== undefined && start > stallAfter) return
    let text = ''
    for (let index = start; index < start + 500 && index <= rows; index++) text += line(index)
    yield Buffer.from(text)
  }
}
async function* stalling(): AsyncGenerator<Buffer> {
  yield* chunks()
  if (stallAfter === undefined) return
  process.send!({ stalled: true })
  await Promise.withResolvers<never>().promise
}

const hash = createHash('sha256')
let byteSize = 0
for (const chunk of chunks()) {
  hash.update(chunk)
  byteSize += chunk.length
}
const document = {
  ...(await documentOf(['id', 'text'], '', { rowCount: rows })),
  byteSize,
  sha256: hash.digest('hex'),
  open: async () => Readable.from(stalling()),
}
const reach = { url, tables: ['loads.*'], modes: ['APPEND' as const, 'REPLACE' as const], roles: ['MEMBER'] }
const channel = createWarehouse({ warehouses: { main: reach }, log })
globalThis.gc?.()
const before = process.memoryUsage().rss
let most = before
const looking = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
process.on('disconnect', () => process.exit())
try {
  await channel.deliver(targetOf(table, mode), handoverOf(document, { deliveryId }))
  process.send!({ delivered: true, byteSize, grew: most - before })
} catch (error) {
  process.send!({ failed: (error as Error).message, retryable: (error as { retryable?: boolean }).retryable })
}
clearInterval(looking)
