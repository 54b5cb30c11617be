import { open, unlink, type FileHandle } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Groups } from '../src/report-type/define.ts'

/** Keys held in memory, and characters of them; with more, they go to a file, in order. */
const MOST_KEYS = 25_000
const MOST_CHARACTERS = 2 * 1024 * 1024
/** Bytes written at once; and read of each run, or less where there are so many runs that together they would be too much. */
const CHUNK = 64 * 1024
const LEAST_CHUNK = 4 * 1024
const ALL_CHUNKS = 4 * 1024 * 1024

interface Run {
  readonly start: number
  readonly end: number
}
type Entry<V> = [key: string, value: V]

/**
 * Values by key in bounded memory: what is too much for it is written to a file in runs that are sorted, and the runs are merged when
 * they are read. The file has no name from the moment it is there, so that whatever becomes of the process nothing is left.
 */
export function createGroups<V>(
  merge: (a: V, b: V) => V,
  { mostKeys = MOST_KEYS, mostCharacters = MOST_CHARACTERS, directory = tmpdir() } = {},
): Groups<V> & { close(): Promise<void> } {
  let held = new Map<string, V>()
  let characters = 0
  let file: FileHandle | undefined
  const runs: Run[] = []
  let written = 0

  async function spill(): Promise<void> {
    file ??= await openNameless(directory)
    const start = written
    let text = ''
    const write = async () => {
      const bytes = Buffer.from(text)
      text = ''
      for (let at = 0; at < bytes.length;)
        at += (await file!.write(bytes, at, bytes.length - at, written + at)).bytesWritten
      written += bytes.length
    }
    const full = held
    held = new Map()
    characters = 0
    for (const key of [...full.keys()].sort()) {
      text += `${JSON.stringify([key, full.get(key)])}\n`
      if (text.length >= CHUNK) await write()
    }
    await write()
    runs.push({ start, end: written })
  }

  function* inMemory(): Generator<Entry<V>, void, undefined> {
    for (const key of [...held.keys()].sort()) yield [key, held.get(key)!]
  }

  /** The first of all runs, again and again; of equal keys the values are merged in the order in which they were written. */
  async function* mergedRuns(): AsyncGenerator<Entry<V>, void, undefined> {
    const chunk = Math.max(LEAST_CHUNK, Math.min(CHUNK, Math.floor(ALL_CHUNKS / runs.length)))
    const readers = [...runs.map((run) => entriesOf<V>(file!, run, chunk)), inMemory()]
    const heads = await Promise.all(readers.map(async (reader) => (await reader.next()).value ?? null))
    for (;;) {
      let least: string | null = null
      for (const head of heads) if (head !== null && (least === null || head[0] < least)) least = head[0]
      if (least === null) return
      const values: V[] = []
      for (let index = 0; index < heads.length; index++) {
        const head = heads[index]
        if (head?.[0] !== least) continue
        values.push(head[1])
        heads[index] = (await readers[index]!.next()).value ?? null
      }
      yield [least, values.reduce(merge)]
    }
  }

  return {
    add(key, value) {
      const known = held.get(key)
      held.set(key, known === undefined ? value : merge(known, value))
      if (known === undefined) characters += key.length
      return held.size > mostKeys || characters > mostCharacters ? spill() : undefined
    },
    async *[Symbol.asyncIterator]() {
      if (runs.length === 0) yield* inMemory()
      else yield* mergedRuns()
    },
    async close() {
      held = new Map()
      await file?.close()
      file = undefined
    },
  }
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `broadsheet-groups-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}

async function* entriesOf<V>(
  file: FileHandle,
  { start, end }: Run,
  chunk: number,
): AsyncGenerator<Entry<V>, void, undefined> {
  const buffer = Buffer.alloc(chunk)
  let rest: Buffer = Buffer.alloc(0)
  for (let at = start; at < end;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunk, end - at), at)
    if (bytesRead === 0) throw new Error('The file of groups ends too early.')
    at += bytesRead
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    const whole = bytes.lastIndexOf(0x0a) + 1
    rest = bytes.subarray(whole)
    for (const line of bytes.toString('utf8', 0, whole).split('\n')) if (line !== '') yield JSON.parse(line) as Entry<V>
  }
}
