import type { Readable } from 'node:stream'
import type { Cell, Column, Row } from '../../src/report-type/define.ts'

/** Batches as a source gives them, and a record of what was done with them. */
export function batchesOf(batches: readonly (readonly Row[])[], failure?: Error) {
  const seen = { asked: 0, returned: false }
  async function* give(): AsyncGenerator<readonly Row[]> {
    try {
      for (const batch of batches) {
        seen.asked += 1
        yield batch
      }
      if (failure) throw failure
    } finally {
      seen.returned = true
    }
  }
  return { seen, batches: give() }
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function textOf(stream: Readable): Promise<string> {
  return (await bytesOf(stream)).toString()
}

/** Text that breaks writers which were not written for it. */
export const HOSTILE_TEXTS = [
  'plain', '', ' ', ' lead and trail ', 'a,b', '"', '""', 'say "hi"', 'line\nbreak', 'line\r\nbreak', 'cr\ronly', '\n', '\\.', '\\N', 'null', 'NULL',
  'a|b', "it's", '\ttab', 'tab\tin', '=1+1', '+49 221', '-10 %', '@me', '=HYPERLINK("http://x","y")', ' =1', '\n=1', '\u00a0=1', '\u3000＝1', '＋1', '－1', '＠x',
  'émile', '東京', '🎁 gift', 'e\u0301', '\u2028', '\ufeffbom', 'ﬀ', 'á', '　', ';', "'", '\u0001', 'a'.repeat(5000), `${' '.repeat(300)}x`, `${' '.repeat(255)}=1`,
] // prettier-ignore

export const TEXT_COLUMNS: readonly Column[] = [
  { name: 'id', type: 'Int' },
  { name: 'text', type: 'String' },
  { name: 'flag', type: 'Boolean' },
]
export const HOSTILE_ROWS: readonly Row[] = [...HOSTILE_TEXTS, null].map((text, index): Cell[] => [
  index - 3,
  text,
  index % 3 === 0 ? null : index % 2 === 0,
])
