import { Kind, parse, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql'
import { BadInput } from '../errors.ts'
import type { Limits } from '../limits.ts'

/** What parsed documents may take in memory, in bytes: some 300 for each token, and their text. */
const MEMORY = 8_000_000
const BYTES_A_TOKEN = 300

/** How large a document is, by the largest of its operations. */
interface Size {
  readonly depth: number
  readonly aliases: number
  readonly directives: number
}
const WORDS = { depth: 'levels', aliases: 'aliases', directives: 'directives', tokens: 'words and signs' } as const

/**
 * Parses documents and refuses those that only an attacker or a mistake writes, before their meaning is looked at: how large one
 * is costs a walk over it, what it means can cost its square. Documents that turned out good are kept, so that a text is the same
 * document each time; all others are forgotten.
 */
export function createDocuments() {
  // A Map keeps the order of insertion, and each use puts its text last.
  const kept = new Map<string, DocumentNode>()
  const texts = new WeakMap<DocumentNode, string>()
  const sizes = new WeakMap<DocumentNode, Size>()
  let memory = 0

  const weight = (text: string, document: DocumentNode) => text.length + (document.tokenCount ?? 0) * BYTES_A_TOKEN

  return {
    /** Throws GraphQLError for what is no GraphQL, BadInput for what is beyond the limits. */
    parse(text: string, limits: Limits): DocumentNode {
      const known = kept.get(text)
      const document = known ?? parse(text, { maxTokens: limits.tokens })
      if (known) {
        kept.delete(text)
        kept.set(text, known)
      } else texts.set(document, text)
      let size = sizes.get(document)
      if (!size) sizes.set(document, (size = sizeOf(document)))
      const found = { ...size, tokens: document.tokenCount ?? 0 }
      for (const name of ['tokens', 'depth', 'aliases', 'directives'] as const)
        if (found[name] > limits[name])
          throw new BadInput(`The document has ${found[name]} ${WORDS[name]}, but at most ${limits[name]} are taken.`)
      return document
    },

    isGood: (document: DocumentNode): boolean => kept.get(texts.get(document) ?? '') === document,

    /** The document has passed validation. */
    keep(document: DocumentNode): void {
      const text = texts.get(document)
      if (text === undefined || kept.has(text) || weight(text, document) > MEMORY / 10) return
      kept.set(text, document)
      memory += weight(text, document)
      for (const [oldest, its] of kept) {
        if (memory <= MEMORY) return
        kept.delete(oldest)
        memory -= weight(oldest, its)
      }
    },
  }
}

function sizeOf({ definitions }: DocumentNode): Size {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const one of definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one)
  const nothing: Size = { depth: 0, aliases: 0, directives: 0 }
  /** Each fragment is walked once, however often it is spread; one that spreads itself counts nothing there, and is no good anyway. */
  const known = new Map<string, Size>()

  function ofFragment(name: string): Size {
    const size = known.get(name)
    const fragment = fragments.get(name)
    if (size || !fragment) return size ?? nothing
    known.set(name, nothing)
    const own = ofSelections(fragment.selectionSet)
    const whole = { ...own, directives: own.directives + (fragment.directives?.length ?? 0) }
    known.set(name, whole)
    return whole
  }

  function ofSelections({ selections }: SelectionSetNode): Size {
    let { depth, aliases, directives } = nothing
    for (const one of selections) {
      const isField = one.kind === Kind.FIELD
      const inner =
        one.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(one.name.value)
          : one.selectionSet
            ? ofSelections(one.selectionSet)
            : nothing
      // What is asked about the schema is deep by nature; graphql-js has a rule of its own against too much of it.
      const below = isField && one.name.value.startsWith('__') ? 0 : inner.depth
      depth = Math.max(depth, below + (isField ? 1 : 0))
      aliases += inner.aliases + (isField && one.alias ? 1 : 0)
      directives += inner.directives + (one.directives?.length ?? 0)
    }
    return { depth, aliases, directives }
  }

  let largest = nothing
  for (const one of definitions) {
    if (one.kind !== Kind.OPERATION_DEFINITION) continue
    const size = ofSelections(one.selectionSet)
    const above = [one, ...(one.variableDefinitions ?? [])].reduce(
      (sum, node) => sum + (node.directives?.length ?? 0),
      0,
    )
    largest = {
      depth: Math.max(largest.depth, size.depth),
      aliases: Math.max(largest.aliases, size.aliases),
      directives: Math.max(largest.directives, size.directives + above),
    }
  }
  return largest
}
