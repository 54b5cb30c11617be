import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const LANGUAGES = ['Go', 'Python', 'Rust', 'TypeScript', null]
const FOUND = 5_000

/** What GitHub answers to a search, 100 repositories a page, each answer after so many milliseconds. */
export async function startGithub(delay: number) {
  let most = 0
  let underWay = 0
  const server = createServer(async (request, response) => {
    most = Math.max(most, (underWay += 1))
    const page = Number(new URL(request.url!, 'http://github').searchParams.get('page'))
    await new Promise((resolve) => setTimeout(resolve, delay))
    underWay -= 1
    const items = Array.from({ length: 100 }, (_, place) => repository((page - 1) * 100 + place))
    response
      .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'x-ratelimit-remaining': '29' })
      .end(JSON.stringify({ total_count: FOUND, incomplete_results: false, items }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Requests that were under way at once, at most. */
    most: () => most,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** About as long as GitHub's own, most of which no report reads. */
function repository(index: number): object {
  const full_name = `owner-${index % 37}/project-${index}`
  const urls = ['keys', 'collaborators', 'teams', 'hooks', 'issue_events', 'assignees', 'branches', 'tags', 'statuses']
  return {
    id: 1_000 + index,
    full_name,
    stargazers_count: 100_000 - index * 7,
    forks_count: index * 3,
    language: LANGUAGES[index % LANGUAGES.length],
    topics: ['ai', 'cli', 'web'].slice(index % 3),
    description: `Project "${index}", with a comma`,
    html_url: `https://github.com/${full_name}`,
    created_at: '2026-11-20T12:00:00Z',
    ...Object.fromEntries(
      urls.map((name) => [`${name}_url`, `https://api.github.com/repos/${full_name}/${name}{/name}`]),
    ),
  }
}
