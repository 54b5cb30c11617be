import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { createDocuments } from '../../src/api/documents.ts'
import { COUNTED, USUAL_LIMITS, type Limits } from '../../src/limits.ts'

const within = (limits: Partial<Limits>): Limits => ({ ...USUAL_LIMITS, ...limits })
const { parse: take } = createDocuments()

describe('how large a document is', () => {
  test.each<[string, Partial<Limits>, string]>([
    ['{ a { b { c } } }', { depth: 3 }, 'depth'],
    ['{ a { ... on A { ... { ...F } } } } fragment F on A { b { c } }', { depth: 3 }, 'depth'],
    ['query One { a } query Two { a { b { c { d } } } }', { depth: 4 }, 'depth'],
    ['{ x: a y: b ...F ...F } fragment F on Q { z: c }', { aliases: 4 }, 'aliases'],
    [
      'query ($v: Int @d) @d { a @d ...F @d ... @d { b } } fragment F on Q @d { c @d }',
      { directives: 7 },
      'directives',
    ],
    ['{ a(b: "some words", c: [1, 2, 3]) }', { tokens: 15 }, 'tokens'],
  ])('%s', (text, limit, name) => {
    const [most] = Object.values(limit) as [number]
    expect(take(text, within(limit)).kind).toBe('Document')
    expect(() => take(text, within({ [name]: most - 1 }))).toThrow(/at most|tokens/)
  })

  test('what is asked about the schema is deep by nature', () => {
    expect(take('{ __schema { types { fields { type { ofType { name } } } } } }', within({ depth: 1 }))).toBeTruthy()
  })

  test('a fragment that spreads itself, or doubles sixty times, is measured in no time', () => {
    const bomb = `{ a { ...F0 } } ${Array.from({ length: 60 }, (_, n) => `fragment F${n} on A { ...F${n + 1} ...F${n + 1} x: b }`).join(' ')} fragment F60 on A { y: b }`
    const start = performance.now()
    expect(() => take(bomb, USUAL_LIMITS)).toThrow(/aliases/)
    expect(take('{ a { ...A } } fragment A on A { ...B } fragment B on A { ...A }', USUAL_LIMITS).kind).toBe('Document')
    expect(performance.now() - start).toBeLessThan(100)
  })

  test('what nests as deep as the most tokens that a setting allows is measured too', () => {
    const { most } = COUNTED.tokens
    const levels = Math.floor(most / 3)
    const deep = `${'{ a '.repeat(levels)}${'}'.repeat(levels)}`
    expect(() => take(deep, within({ tokens: most, depth: 10 }))).toThrow(/levels/)
  })
})

describe('what is kept', () => {
  test('is the same document for the same text once it was good, and still measured for each caller', () => {
    const documents = createDocuments()
    const text = '{ a { b } }'
    const first = documents.parse(text, USUAL_LIMITS)
    expect(documents.isGood(first)).toBe(false)
    expect(documents.parse(text, USUAL_LIMITS)).not.toBe(first)
    documents.keep(first)
    expect(documents.isGood(first)).toBe(true)
    expect(documents.parse(text, USUAL_LIMITS)).toBe(first)
    expect(() => documents.parse(text, within({ depth: 1 }))).toThrow(/2 levels/)
    expect(() => documents.parse(text, within({ tokens: 5 }))).toThrow(/6 words/)
    expect(documents.isGood(parse(text))).toBe(false)
  })

  test('is bounded by its weight: the oldest go, and one that is huge is not kept at all', () => {
    const documents = createDocuments()
    const kept = (text: string) => {
      const document = documents.parse(text, USUAL_LIMITS)
      documents.keep(document)
      return documents.isGood(document)
    }
    expect(kept(`{ a } # ${'x'.repeat(900_000)}`)).toBe(false)
    const first = documents.parse('{ first }', USUAL_LIMITS)
    documents.keep(first)
    for (let n = 0; n < 20; n++) expect(kept(`{ a${n} } # ${'x'.repeat(500_000)}`)).toBe(true)
    expect(documents.isGood(first)).toBe(false)
  })
})
