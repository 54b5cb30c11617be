import { expect, test } from 'vitest'
import { outcomeOf } from '../../src/delivery/outcome.ts'

type Given = Parameters<typeof outcomeOf>
const taken = {
  reportId: 'r1',
  news: { status: 'SUCCEEDED' },
  report: { status: 'SUCCEEDED', document: { key: 'acme/r1/1' } },
} as unknown as Given[0]
const given = (store: object) => ({ store, links: {} }) as unknown as Given[1]

test('a channel is told where an object store keeps the document, and of no other place', () => {
  const objectStore = { objectUrl: (key: string) => `s3://bucket/prefix/${key}` }
  expect(outcomeOf(taken, given(objectStore))?.document?.objectUrl).toBe('s3://bucket/prefix/acme/r1/1')
  expect(outcomeOf(taken, given({}))?.document?.objectUrl).toBeNull()
})
