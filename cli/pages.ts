/** Most that a page of the API holds. */
const PAGE = 100

interface Page<Item> {
  nodes: readonly Item[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

/** The first so many of a list, page by page, as the reader takes them. */
export async function* paged<Item>(
  most: number,
  read: (page: { first: number; after: string | null }) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  let after: string | null = null
  for (let left = most; left > 0;) {
    const { nodes, pageInfo }: Page<Item> = await read({ first: Math.min(left, PAGE), after })
    yield* nodes
    left -= nodes.length
    if (!pageInfo.hasNextPage || nodes.length === 0) return
    after = pageInfo.endCursor
  }
}
