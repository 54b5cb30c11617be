import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import RelayPlugin from '@pothos/plugin-relay'
import type { Reading } from '../src/db/orm.ts'
import type { Deliveries } from '../src/delivery/deliveries.ts'
import type { Links } from '../src/document/links.ts'
import type { Tokens } from '../src/identity/tokens.ts'
import type { Users } from '../src/identity/users.ts'
import type { Viewer } from '../src/identity/viewer.ts'
import type { WatchTokens } from '../src/identity/watch-token.ts'
import type { ReportEvents } from '../src/report/events.ts'
import type { Catalog } from '../src/report-type/catalog.ts'
import type { Reports } from '../src/report/reports.ts'
import type { ProgressSubscriber } from '../src/progress/subscriber.ts'
import type { ScheduleEvents } from '../src/schedule/events.ts'
import type { Schedules } from '../src/schedule/schedules.ts'
import type { System } from '../src/system/system.ts'
import type { SystemWatch } from '../src/system/watch.ts'
import type { Uploads } from '../src/upload/uploads.ts'
import type { Json } from '../src/report-type/define.ts'
import { decodeId, encodeId } from './global-id.ts'

/** What a resolver has at hand: who asks, and the rooms. One for each operation, and one for each event of a subscription. */
export interface Context {
  /** The door lets nobody in without a credential, so there always is one. */
  readonly viewer: Viewer
  /** Reads of this operation, in one transaction of the viewer's tenant. */
  readonly reading: Reading
  readonly catalog: Catalog
  readonly reports: Reports
  readonly deliveries: Deliveries
  readonly schedules: Schedules
  readonly uploads: Uploads
  readonly users: Users
  readonly tokens: Tokens
  readonly watchTokens: WatchTokens
  readonly links: Links
  readonly progress: ProgressSubscriber
  readonly reportEvents: ReportEvents
  readonly scheduleEvents: ScheduleEvents
  readonly system: System
  readonly systemWatch: SystemWatch
}

/** The one builder. It defines no types: each noun's file does. */
export const builder = new SchemaBuilder<{
  Context: Context
  DefaultFieldNullability: false
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: string; Output: Date }
    Date: { Input: string; Output: string }
    DateExpression: { Input: string; Output: string }
    BigInt: { Input: number | string; Output: number }
    Decimal: { Input: number | string; Output: string }
    Duration: { Input: string; Output: string }
    JSON: { Input: Json; Output: unknown }
    URL: { Input: string; Output: string }
    TimeZone: { Input: string; Output: string }
  }
}>({
  plugins: [ComplexityPlugin, DataloaderPlugin, RelayPlugin],
  // Fields only say what they cost: the pipeline counts before anything is executed (cost.ts), and not in the resolvers.
  complexity: { disabled: true, defaultComplexity: 1, defaultListMultiplier: 10 },
  defaultFieldNullability: false,
  relay: {
    cursorType: 'String',
    encodeGlobalID: (type, id) => encodeId(type, String(id)),
    decodeGlobalID: (id) => decodeId(id) ?? { typename: 'Report', id: '' },
    nodesQueryOptions: false,
    nodeQueryOptions: {
      nullable: true,
      description: 'Any object by its id; null, without error, for an unknown or a foreign one.',
      args: { id: { description: 'As the API gave it.' } as never },
      // Names of people stand beside what they made; looked up by itself, a person is for an ADMIN or for oneself.
      resolve: async (_, { id }, { users, viewer, reading }, __, resolveNode) =>
        id.typename === 'User' && !(await users.find(viewer, reading, id.id)) ? null : resolveNode(id),
    },
    nodeTypeOptions: { description: 'Whatever has an id that `node` finds again.' },
    pageInfoTypeOptions: { description: 'Where a page begins and ends (Relay).' },
    hasNextPageFieldOptions: { description: 'Whether there is more behind endCursor.' },
    hasPreviousPageFieldOptions: { description: 'Whether there is more before startCursor.' },
    startCursorFieldOptions: { description: 'For before; null on an empty page.' },
    endCursorFieldOptions: { description: 'For after; null on an empty page.' },
    idFieldOptions: { description: 'Opaque; `node` finds it again.' },
    firstArgOptions: { description: 'So many from the front; 20 by default, 100 at most.' },
    afterArgOptions: { description: 'A cursor: what comes behind it.' },
    lastArgOptions: { description: 'So many from the back; 100 at most.' },
    beforeArgOptions: { description: 'A cursor: what comes before it.' },
    edgesFieldOptions: { nullable: false },
    nodeFieldOptions: { nullable: false },
  },
})

builder.queryType({ description: 'What can be read.' })
builder.mutationType({
  description: 'What can be asked for and changed. What the caller can mend comes back as userErrors.',
})
builder.subscriptionType({ description: 'What can be watched, over WebSocket (graphql-transport-ws) or SSE.' })
