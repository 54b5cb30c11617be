import type { ObjectRef } from '@pothos/core'
import type { Page } from '../src/db/page.ts'
import { builder } from './builder.ts'
import { COUNTED_ABOVE } from './cost.ts'

/** What counting a list costs, next to loading a field. */
const COUNTING = 10

/** Relay's connection over a noun: `XConnection { edges nodes pageInfo totalCount }` and `XEdge`, named as the contract names them. */
export function connectionOf<T extends object>(name: string, node: ObjectRef<any, T>) {
  const edge = builder.objectRef<{ cursor: string; node: T }>(`${name}Edge`).implement({
    description: `A ${name} and where it stands in the list.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'For after and before.' }),
      node: t.field({
        type: node as never,
        resolve: (parent) => parent.node as never,
        description: `The ${name} itself.`,
      }),
    }),
  })
  return builder.objectRef<Page<T>>(`${name}Connection`).implement({
    description: `A page of a list (Relay).`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        complexity: COUNTED_ABOVE,
        resolve: (page) => page.edges,
        description: 'The page, with cursors.',
      }),
      nodes: t.field({
        type: [node as never],
        complexity: COUNTED_ABOVE,
        resolve: (page) => page.edges.map(({ node }) => node) as never,
        description: 'The page, without cursors.',
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        resolve: (page) => page.pageInfo,
        description: 'Whether there is more, and where.',
      }),
      totalCount: t.int({
        complexity: COUNTING,
        resolve: (page) => page.totalCount(),
        description: 'How many there are in all; counted only when selected.',
      }),
    }),
  })
}
