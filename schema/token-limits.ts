import { COUNTED_NAMES, writeRate, type Counted, type OwnLimits } from '../src/limits.ts'
import { builder } from './builder.ts'

const WORDS: Readonly<Record<Counted, string>> = {
  depth: 'Levels of fields in one document.',
  aliases: 'Aliases in one document.',
  directives: 'Directives in one document.',
  tokens: 'Words and signs of one document.',
  cost: 'What one operation may load: a field is 1, and what stands below a list counts as often as the list may be long.',
  operations: 'Operations under way on one WebSocket.',
  sockets: 'WebSockets at once.',
  subscriptions: 'Subscriptions at once.',
  messages: 'Messages in a second over all its WebSockets.',
}
const RATE = 'Operations in a second, a minute or an hour: 50/s, 3000/m, 100000/h.'

/** ApiToken.limits. */
export const OwnLimitsRef = builder.objectRef<OwnLimits>('ApiTokenLimits').implement({
  description: "What a token has instead of the settings' limits; null: as the settings say.",
  fields: (t) => ({
    ...Object.fromEntries(
      COUNTED_NAMES.map((name) => [
        name,
        t.int({ nullable: true, description: WORDS[name], resolve: (limits) => limits[name] ?? null }),
      ]),
    ),
    rate: t.string({
      nullable: true,
      description: RATE,
      resolve: ({ rate }) => (rate ? writeRate(rate) : null),
    }),
  }),
})

/** For createApiToken. */
export const OwnLimitsInput = builder.inputType('ApiTokenLimitsInput', {
  description:
    "Limits of a token's own, for a service that needs other ones than people do. Null or absent: as the settings say.",
  fields: (t) => ({
    ...(Object.fromEntries(COUNTED_NAMES.map((name) => [name, t.int({ description: WORDS[name] })])) as Record<
      Counted,
      ReturnType<typeof t.int>
    >),
    rate: t.string({ description: RATE }),
  }),
})
