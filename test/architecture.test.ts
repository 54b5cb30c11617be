// Long because all rules of the layout stand in one place, beside the lists that they share.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const filesIn = (folders: readonly string[]) =>
  folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
    .filter((file) => !file.startsWith('client/generated/'))
/** The service, and what stands around it: clients and tools, which have the same manners and vendors of their own. */
const SERVICE = filesIn(['schema', 'src', 'worker', 'reports'])
const AROUND = filesIn(['client', 'cli', 'demo', 'bench', 'scripts'])
const SOURCES = [...SERVICE, ...AROUND]

interface Import {
  readonly from: string
  /** A path from the root for a file of ours, else the package. */
  readonly to: string
  readonly typeOnly: boolean
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?\s*(?:([^'"`;]*?)\s*from\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const place = (name: string) =>
    name.startsWith('.')
      ? normalize(join(dirname(file), name))
      : name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/')
  const stated = [...text.matchAll(IMPORT)].map(([, type, names = '', name]) => {
    const inner = /^\{([^]*)\}$/
      .exec(names.trim())?.[1]
      ?.split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
    return {
      from: file,
      to: place(name!),
      typeOnly: Boolean(type) || (inner?.every((each) => each.startsWith('type ')) ?? false),
    }
  })
  return [
    ...stated,
    ...[...text.matchAll(DYNAMIC)].map(([, name]) => ({ from: file, to: place(name!), typeOnly: false })),
  ]
}
const IMPORTS = SOURCES.flatMap(importsOf)
const show = ({ from, to }: Import) => `${from} -> ${to}`

/** The room, shelf or door of a file; files of src itself are the ground that everything stands on. */
function areaOf(file: string): string {
  const [top, next, more] = file.split('/')
  return top !== 'src' ? top! : more === undefined ? 'ground' : next!
}

const ROOMS = [
  'report',
  'report-type',
  'claim',
  'delivery',
  'idempotency',
  'schedule',
  'identity',
  'document',
  'system',
  'rate', // asks Redis through the connection of progress, so that ioredis stays in one folder
  'upload',
  'pdf',
]
const SHELVES = ['formats', 'stores', 'channels', 'sources']
const BELOW = [...ROOMS, ...SHELVES, 'bucket', 'queue', 'progress', 'tracing', 'db', 'ground']
/** What each may import at run time beside itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  api: ['schema', ...BELOW],
  worker: BELOW,
  embedded: ['identity', 'ground'],
  schema: [...ROOMS, 'formats', 'ground'],
  ...Object.fromEntries(ROOMS.map((room) => [room, BELOW])),
  // A shelf, the queue and progress know the words of a report, never its rows.
  ...Object.fromEntries(SHELVES.map((shelf) => [shelf, ['report', 'report-type', 'ground']])),
  // Where keys of AWS come from is one knowledge.
  sources: ['report', 'report-type', 'bucket', 'ground'],
  stores: ['bucket', 'ground'],
  // A channel opens a document again; a warehouse is reached as a source is.
  channels: ['report', 'report-type', 'document', 'sources', 'bucket', 'ground'],
  progress: ['report', 'ground'],
  queue: ['ground'],
  bucket: ['ground'],
  tracing: ['ground'],
  // The database knows the entities that it keeps.
  db: ['report', 'delivery', 'identity', 'schedule', 'upload', 'ground'],
  ground: [],
  // A client knows the public API and nothing else. The demo and the benchmarks bring everything up, as `npm start` does.
  client: [],
  cli: ['client', 'ground'],
  demo: ['client', 'embedded', 'ground'],
  bench: ['schema', ...BELOW, 'embedded'],
  // The pictures are of the service as `npm start` runs it, on a shop of their own.
  scripts: ['schema', 'client', 'embedded', ...BELOW],
}
/** Who may bring up the embedded servers: a door that three others open. */
const BRING_UP = ['demo', 'bench', 'scripts']
/** What those that stand below the rooms, and the schema, may have of a room at run time: words and pure rules. */
const VOCABULARY = [
  'src/report/status.ts', 'src/delivery/status.ts', 'src/report-type/names.ts', 'src/report-type/define.ts', 'src/report-type/columns.ts', 'src/report-type/report-type.ts', 'src/report/progress-row.ts', 'src/identity/viewer.ts',
  'src/schedule/slot.ts', 'src/schedule/reckoning.ts', 'src/upload/status.ts', 'src/identity/policy.ts', 'src/document/compression.ts', 'src/document/preview.ts', 'src/document/content-disposition.ts', 'src/document/digest.ts', 'src/formats/format.ts', 'src/formats/index.ts',
] // prettier-ignore
const ENTITIES = [
  'src/report/report.entity.ts',
  'src/delivery/delivery.entity.ts',
  'src/schedule/schedule.entity.ts',
  'src/identity/identity.entity.ts',
  'src/upload/upload.entity.ts',
]

describe('who may import whom', () => {
  const ours = IMPORTS.filter(({ to }) => to.endsWith('.ts'))

  test('the test sees the imports', () => {
    expect(SOURCES.length).toBeGreaterThan(100)
    expect(ours.map(show)).toContain('src/api/main.ts -> src/api/compose.ts')
    expect(ours.find(({ from, to }) => from === 'schema/builder.ts' && to === 'src/report/reports.ts')?.typeOnly).toBe(
      true,
    )
    expect(ours.find(({ from, to }) => from === 'src/report/reports.ts' && to === 'src/db/page.ts')?.typeOnly).toBe(
      false,
    )
  })

  test('doors, rooms, shelves', () => {
    const wrong = ours.filter(({ from, to, typeOnly }) => {
      const [here, there] = [areaOf(from), areaOf(to)]
      return !typeOnly && here !== there && here !== 'reports' && !MAY_IMPORT[here]?.includes(there)
    })
    expect(wrong.map(show)).toEqual([])
  })

  test('nobody imports a door, also not its types', () => {
    const doors = ['api', 'worker', 'embedded', 'cli', 'demo']
    expect(
      ours
        .filter(
          ({ from, to }) =>
            areaOf(from) !== areaOf(to) &&
            doors.includes(areaOf(to)) &&
            !(areaOf(to) === 'embedded' && BRING_UP.includes(areaOf(from))),
        )
        .map(show),
    ).toEqual([])
  })

  test('the schema, and what stands below the rooms, know a room’s words and not its work', () => {
    const wordsOnly = ['schema', ...SHELVES, 'progress']
    const wrong = ours.filter(
      ({ from, to, typeOnly }) =>
        !typeOnly &&
        wordsOnly.includes(areaOf(from)) &&
        [...ROOMS, 'formats'].includes(areaOf(to)) &&
        areaOf(from) !== areaOf(to) &&
        !VOCABULARY.includes(to),
    )
    expect(wrong.map(show)).toEqual([])
    const entities = ours.filter(
      ({ from, to, typeOnly }) =>
        !typeOnly && areaOf(from) === 'db' && ROOMS.includes(areaOf(to)) && !ENTITIES.includes(to),
    )
    expect(entities.map(show)).toEqual([])
  })

  test('a channel shares the way to a server with the sources, and no more', () => {
    const shared = ours.filter(
      ({ from, to, typeOnly }) => !typeOnly && areaOf(from) === 'channels' && areaOf(to) === 'sources',
    )
    expect(new Set(shared.map(({ to }) => to))).toEqual(new Set(['src/sources/connection.ts']))
  })

  test('the embedded default knows of people how a link signs in, and no more', () => {
    const known = ours.filter(({ from, to }) => areaOf(from) === 'embedded' && areaOf(to) === 'identity')
    expect(new Set(known.map(({ to }) => to))).toEqual(new Set(['src/identity/sign-in-codes.ts']))
  })

  test('the command line knows the client, and how a bar is drawn, and nothing of the service', () => {
    const others = ours.filter(({ from, to }) => areaOf(from) === 'cli' && areaOf(to) === 'ground')
    expect(new Set(others.map(({ to }) => to))).toEqual(new Set(['src/terminal.ts']))
  })

  test('a report file imports define and nothing else', () => {
    expect(
      IMPORTS.filter(
        ({ from, to }) => areaOf(from) === 'reports' && !['broadsheet', 'src/report-type/define.ts'].includes(to),
      ).map(show),
    ).toEqual([])
  })

  test('no cycles', () => {
    const graph = Map.groupBy(
      ours.filter(({ typeOnly }) => !typeOnly),
      ({ from }) => from,
    )
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (done.has(file)) return
      for (const { to } of graph.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of SOURCES) visit(file, [])
    expect(cycles).toEqual([])
  })

  test('the pure files read no clock, no environment, no file', () => {
    const pure = [
      'src/report/status.ts',
      'src/delivery/status.ts',
      'src/delivery/pauses.ts',
      'src/delivery/turns.ts',
      'src/report-type/define.ts',
      'src/schedule/relative-date.ts',
      'src/schedule/duration.ts',
      'src/schedule/slot.ts',
      'src/schedule/due.ts',
      'src/schedule/cadence.ts',
      'src/schedule/cron.ts',
      'src/schedule/cron-fields.ts',
      'src/schedule/zone-clock.ts',
      'src/progress/event.ts',
      'src/document/signature.ts',
      'src/pdf/lines.ts',
      'src/pdf/columns.ts',
      'src/pdf/reader.ts',
      'src/identity/policy.ts',
    ]
    const impure =
      /Date\.now\(|new Date\(\)|Temporal\.Now|Math\.random|process\.|from 'node:(?!crypto)|performance\.now/
    expect(pure.filter((file) => impure.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
  })
})

describe('vendors', () => {
  /** Beyond "each in one folder": what stands in several, and why. */
  const SEVERAL: Record<string, readonly string[]> = {
    graphql: ['schema', 'api'], // the schema is made of it, the pipeline runs it
    '@mikro-orm/core': ['db', 'identity', 'report', 'delivery', 'schedule', 'upload'], // entities stand in their rooms
    'temporal-polyfill': ['schedule', 'report', 'report-type', 'identity', 'worker'], // a calendar's words, like Date
    uuid: ['identity', 'idempotency', 'report', 'schedule', 'upload', 'worker'],
    pg: ['sources', 'embedded', 'db', 'channels'], // each source, a warehouse, the shop as its owner, and one trait of the service's own connections
    'pg-copy-streams': ['sources', 'embedded', 'channels'],
  }

  const WITHIN = IMPORTS.filter(({ from }) => SERVICE.includes(from))

  test('each is imported in one folder', () => {
    const vendors = Map.groupBy(
      WITHIN.filter(({ to }) => !to.endsWith('.ts') && !to.startsWith('node:') && to !== 'broadsheet'),
      ({ to }) => to,
    )
    const wide = [...vendors].flatMap(([vendor, uses]) => {
      const areas = [...new Set(uses.map(({ from }) => areaOf(from)))]
      const allowed = SEVERAL[vendor]
      return (allowed ? areas.every((area) => allowed.includes(area)) : areas.length === 1)
        ? []
        : [`${vendor}: ${areas.join(', ')}`]
    })
    expect(wide).toEqual([])
    expect(vendors.size).toBeGreaterThan(10)
  })

  test.each([
    ['bee-queue', 'queue'], ['ioredis', 'progress'], ['@mikro-orm/postgresql', 'db'], ['@mikro-orm/migrations', 'db'], ['graphql-yoga', 'api'], ['graphql-ws', 'api'], ['ws', 'api'], ['@pothos/core', 'schema'], ['@aws-sdk/client-s3', 'bucket'], ['@aws-sdk/s3-request-presigner', 'bucket'], ['unpdf', 'pdf'],
  ])('%s stands in %s alone', (vendor, area) => {
    expect(new Set(WITHIN.filter(({ to }) => to === vendor).map(({ from }) => areaOf(from)))).toEqual(new Set([area]))
  }) // prettier-ignore
})

describe('manners', () => {
  /** Without comments and strings. */
  const codeOf = (file: string) =>
    readFileSync(join(root, file), 'utf8').replaceAll(
      /\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm,
      '',
    )

  test('only config.ts reads the environment', () => {
    // A benchmark hands its own environment on to what it starts. The command line is a client, on any machine: its two settings are
    // none of the service's, and one file of its own reads them.
    const readers = ['src/config.ts', 'cli/settings.ts']
    expect(
      SOURCES.filter(
        (file) =>
          !readers.includes(file) &&
          areaOf(file) !== 'bench' &&
          /process\.env|\benv\s*\}\s*=\s*process|import\.meta\.env/.test(codeOf(file)),
      ),
    ).toEqual([])
  })

  test('no file above 300 lines without a reason in its head', () => {
    const tests = globSync('test/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] })
    const long = [...SOURCES, ...tests].filter((file) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n')
      return lines.length > 300 && !/long because/i.test(lines.slice(0, 15).join('\n'))
    })
    expect(long).toEqual([])
  })

  test('no folder or file that means nothing', () => {
    expect(
      SOURCES.filter((file) =>
        /(^|\/)(utils?|helpers?|common|misc|managers?|services?|base|lib|shared|jobs?|tasks?|export(s|er)?|templates?|artifacts?|notifications?)([/.]|$)/.test(
          file,
        ),
      ),
    ).toEqual([])
  })

  test('no word of the right column as a name of ours', () => {
    /** Names that others gave. */
    const IMPORTED = /^(?:import|export)\s+(?:type\s+)?[\w\s,]*\{[^}]*\}\s*from/gm
    const wrong =
      /\b(?:const|let|function|class|interface|type)\s+((?:\w*[a-z])?(?:TEMPLATE|ARTIFACT|JOB|TASK|(?<![a-zA-Z])(?:template|artifact|job|task|notification|helper|utils?|manager)|Template|Artifact|Job|Task|Notification|Helper|Utils?|Manager|Service|Base|Common|Exporter)(?:s|[A-Z]\w*)?)\b/g
    expect(
      SOURCES.flatMap((file) =>
        [...codeOf(file).replaceAll(IMPORTED, '').matchAll(wrong)].map(([, name]) => `${file}: ${name}`),
      ),
    ).toEqual([])
  })

  test('nothing is swallowed without a word', () => {
    expect(SOURCES.filter((file) => /catch\s*(\([^)]*\))?\s*\{\s*\}/.test(codeOf(file)))).toEqual([])
  })

  test('no TypeScript that Node would have to rewrite, and imports end in .ts', () => {
    expect(
      SOURCES.filter((file) => /^\s*(export\s+)?(const\s+)?(enum|namespace)\s+\w|^\s*@\w+\(/m.test(codeOf(file))),
    ).toEqual([])
    expect(
      IMPORTS.filter(
        ({ from, to }) =>
          !/\.(ts|json)$/.test(to) &&
          new RegExp(`from '\\.[^']*${to.split('/').at(-1)}'`).test(readFileSync(join(root, from), 'utf8')),
      ).map(show),
    ).toEqual([])
  })
})
