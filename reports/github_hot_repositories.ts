import { beginOf, defineReport, fanOut, ReportError } from 'broadsheet/define'

const PAGES = 5
const PER_PAGE = 100
/** Stars change while pages are asked for, so that a repository may move from one to the other: then all are asked for again. */
const ROUNDS = 3
const DAYS: Record<string, number> = { DAY: 1, WEEK: 7, MONTH: 30 }

interface Repository {
  id: number
  full_name: string
  stargazers_count: number
  forks_count: number
  language: string | null
  topics?: string[]
  description: string | null
  html_url: string
  created_at: string
}
interface Page {
  total_count: number
  incomplete_results: boolean
  items: Repository[]
}

export default defineReport({
  title: 'Hot GitHub repositories',
  description: 'The 500 repositories with the most stars of those created in a period, by language or topic.',
  parameters: {
    period: {
      type: 'String',
      values: ['DAY', 'WEEK', 'MONTH'],
      description: 'The last 1, 7 or 30 days; a week where neither this nor refDate is given',
    },
    ref_date: { type: 'DateExpression', description: 'Created on this day or since' },
    group_by: {
      type: 'String',
      values: ['TOPIC', 'LANGUAGE'],
      default: 'LANGUAGE',
      description: 'A repository stands under each of its topics',
    },
  },
  check: ({ period, ref_date }) =>
    period !== null && ref_date !== null
      ? { ref_date: 'can not be given together with period: leave one out.' }
      : undefined,
  sources: ['github'],
  phases: { asking: 90, writing: 10 },
  columns: {
    group: 'String',
    full_name: 'String',
    stars: 'Int',
    forks: 'Int',
    language: 'String',
    description: 'String',
    url: 'String',
    created_at: 'DateTime',
  },
  fileName: 'github-hot-repositories-{date}',

  async *rows({ parameters, sources: { github }, requestedAt, timeZone, signal, phase, progress, summary }) {
    const since =
      parameters.ref_date === null
        ? new Date(requestedAt.getTime() - DAYS[parameters.period ?? 'WEEK']! * 24 * 3600 * 1000)
        : beginOf(parameters.ref_date, timeZone)
    const query = {
      q: `created:>=${since.toISOString().slice(0, 19)}Z`,
      sort: 'stars',
      order: 'desc',
      per_page: PER_PAGE,
    }

    async function page(number: number): Promise<Page> {
      const answer = (await github.get('/search/repositories', { ...query, page: number })) as Page
      if (!Array.isArray(answer.items)) throw new ReportError('GitHub answered with something else than repositories.')
      return answer
    }

    /** All of them in order, or null where the pages don't fit together. */
    async function ask(): Promise<Repository[] | null> {
      const numbers = Array.from({ length: PAGES }, (_, index) => index + 1)
      const pages: Page[] = []
      for await (const answer of fanOut(numbers, page, { concurrency: PAGES, signal })) {
        pages.push(answer)
        progress(pages.length, PAGES, `page ${pages.length} of ${PAGES}`)
      }
      const found = new Map(pages.flatMap(({ items }) => items).map((repository) => [repository.id, repository]))
      const expected = Math.min(PAGES * PER_PAGE, Math.max(...pages.map(({ total_count }) => total_count)))
      return pages.some(({ incomplete_results }) => incomplete_results) || found.size < expected
        ? null
        : [...found.values()]
    }

    phase('asking')
    let repositories: Repository[] | null = null
    for (let round = 0; repositories === null && round < ROUNDS; round++) repositories = await ask()
    if (repositories === null)
      throw new ReportError('GitHub gave incomplete results: not every repository was on its pages.', {
        code: 'SOURCE_UNAVAILABLE',
      })

    const groupsOf = ({ language, topics }: Repository): string[] => {
      const names = parameters.group_by === 'TOPIC' ? (topics ?? []) : language === null ? [] : [language]
      return names.length > 0 ? names : ['(none)']
    }
    const rows = repositories
      .flatMap((repository) => groupsOf(repository).map((group) => ({ group, repository })))
      .sort(
        (a, b) =>
          compare(a.group, b.group) ||
          b.repository.stargazers_count - a.repository.stargazers_count ||
          compare(a.repository.full_name, b.repository.full_name),
      )
    summary({
      repositories: repositories.length,
      groups: new Set(rows.map(({ group }) => group)).size,
      since: since.toISOString(),
    })

    phase('writing', rows.length)
    for (const { group, repository } of rows)
      yield {
        group,
        full_name: repository.full_name,
        stars: repository.stargazers_count,
        forks: repository.forks_count,
        language: repository.language,
        description: repository.description,
        url: repository.html_url,
        created_at: repository.created_at,
      }
  },
})

/** By code points: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
