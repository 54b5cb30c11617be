import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { ask, type Api } from './client.ts'
import { answered, BATCH, HOSTILE_DOCUMENTS, hostileFrame, seeded } from './hostile.ts'
import { figure, peak, quantile, residentMiB, timed, type Figure } from './measure.ts'
import type { Stage } from './stage.ts'

/** How often each document is sent, on each door. */
const TIMES = 100
const FRAMES = 100_000
/** Frames for one socket, and how many sockets flood at once: what one user may open. */
const FRAMES_A_SOCKET = 50
const TOGETHER = 10
/** Questions, so many at once, that warm the API up before memory and time are measured: it grows with any load, by what V8 leaves lying. */
const WARM = 12_000
const WARM_TOGETHER = 20

/**
 * The attack set against a service with the limits as they are shipped, while somebody else asks a small query: how long a refusal
 * takes, what the bystander notices, and what it costs in memory.
 */
export async function benchAttack(stage: Stage, apiPid: number, say: (line: string) => void): Promise<Figure[]> {
  const admin: Api = { http: stage.service.url, token: stage.service.adminToken }
  const member = async (limits: object | null) => ({ http: admin.http, token: await tokenOf(admin, limits) })
  const bystander = await member(WIDE)
  await warm(bystander)
  await documents(await member(WIDE), 10)
  await flood([await member(WIDE)], 2_000, seeded(1))
  // The young generation has grown by what the frames left: asked as often again, the API has touched all that it took.
  await warm(bystander)
  await pause(2_000)

  const before = residentMiB([apiPid])
  const beside = fork(fileURLToPath(new URL('./bystander.ts', import.meta.url)), [bystander.http, bystander.token])
  const { most, value } = await peak(
    () => residentMiB([apiPid]),
    async () => {
      const refused = await documents(await member(WIDE), TIMES)
      // Half of the frames within the usual limits, half from a token whose own let them through to the parser.
      const sent = await flood([await member(null), await member(WIDE)], FRAMES, seeded(2))
      return { ...refused, sent }
    },
  )
  beside.send('end')
  const [taken] = (await once(beside, 'message')) as [number[]]
  const alive = await ask<{ viewer: { tenant: string } }>(bystander, '{ viewer { tenant } }')
  say(
    `${value.times.length} hostile operations: p50 ${quantile(value.times, 0.5).toFixed(1)} ms; ${value.sent.frames.toLocaleString('en')} fuzzed frames over ${value.sent.sockets.toLocaleString('en')} sockets in ${(value.sent.ms / 1_000).toFixed(0)} s; closed with ${JSON.stringify(value.sent.codes)}`,
  )
  const slowest = Object.entries(value.byName).map(([name, times]) => `${name} ${quantile(times, 0.5).toFixed(1)}`)
  say(`Median of each, in ms: ${slowest.join('; ')}`)
  say(`Bystander: ${taken.length} answers, p50 ${quantile(taken, 0.5).toFixed(1)} ms; API ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`) // prettier-ignore
  return [
    figure('Hostile operations that were not refused with a code', value.passed.length, '', { most: 0 }),
    figure('Refusal of a hostile operation, p99', quantile(value.times, 0.99), ' ms', { most: 50 }),
    figure('Fuzzed frames sent', value.sent.frames, '', { least: FRAMES }),
    figure('A small query beside the attack, p99', quantile(taken, 0.99), ' ms', { most: 200 }),
    figure('API memory above what it was before, at most', Math.max(0, most - before), ' MiB', { most: 50 }),
    figure('API processes that are the same as before', Number(alive.viewer.tenant === 'default' && residentMiB([apiPid]) > 0), '', { least: 1 }), // prettier-ignore
  ]
}

async function warm(api: Api): Promise<void> {
  for (let n = 0; n < WARM; n += WARM_TOGETHER)
    await Promise.all(Array.from({ length: WARM_TOGETHER }, () => ask(api, '{ viewer { tenant } }')))
}

/** Limits of a token's own: so wide that each attack meets the one bound that it is made for. */
const WIDE = { rate: '1000000/s', messages: 1_000_000, sockets: 100 }

async function tokenOf(admin: Api, limits: object | null): Promise<string> {
  const { createUser } = await ask<{ createUser: { user: { id: string } } }>(
    admin,
    'mutation { createUser(name: "bench", role: MEMBER) { user { id } } }',
  )
  const { createApiToken } = await ask<{ createApiToken: { secret: string | null; userErrors: unknown[] } }>(
    admin,
    `mutation ($userId: ID!, $limits: ApiTokenLimitsInput) {
      createApiToken(name: "bench", scopes: ["reports:read", "reports:write"], userId: $userId, limits: $limits) { secret userErrors { field message } }
    }`,
    { userId: createUser.user.id, limits },
  )
  if (!createApiToken.secret) throw new Error(JSON.stringify(createApiToken.userErrors))
  return createApiToken.secret
}

interface Refused {
  times: number[]
  /** Of each document by itself. */
  byName: Record<string, number[]>
  passed: string[]
}

/** Each document, and the batch, so many times over POST; what got through has its name in `passed`. */
async function documents({ http, token }: Api, times: number): Promise<Refused> {
  const refused: Refused = { times: [], byName: {}, passed: [] }
  const bodies = [
    ...HOSTILE_DOCUMENTS.map(({ name, ...body }) => ({ name, body: JSON.stringify(body) })),
    { name: 'a batch', body: BATCH },
  ]
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
  for (let n = 0; n < times; n++)
    for (const { name, body } of bodies) {
      const { ms, value } = await timed(async () =>
        (await fetch(`${http}/graphql`, { method: 'POST', headers, body })).json(),
      )
      refused.times.push(ms)
      ;(refused.byName[name] ??= []).push(ms)
      const { data, errors } = value as { data?: unknown; errors?: { extensions?: { code?: string } }[] }
      if (data != null || !errors?.every(({ extensions }) => extensions?.code)) refused.passed.push(name)
    }
  return refused
}

/** Frames on sockets that are opened again as they are closed, in turn by each caller. */
async function flood(callers: readonly Api[], frames: number, random: () => number) {
  const codes: Record<string, number> = {}
  let sent = 0
  let sockets = 0
  const one = async (): Promise<void> => {
    while (sent < frames) {
      // Taken before the first wait: what is left by then may be nothing, and nothing would be waited for.
      const wanted = Math.min(FRAMES_A_SOCKET, frames - sent)
      sent += wanted
      const { http, token } = callers[sockets++ % callers.length] as Api
      const socket = new WebSocket(`${http.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
      const closed = new Promise<number>((resolve) => socket.once('close', resolve))
      socket.on('error', () => undefined) // its close code says all
      await once(socket, 'open')
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }))
      await Promise.race([once(socket, 'message'), closed])
      const kind = random() < 0.5 ? 'any' : 'operation'
      const all = answered(socket, wanted)
      for (let n = 0; n < wanted; n++) socket.send(hostileFrame(random, kind))
      // What is a message is answered; what is none ends the socket.
      await Promise.race([kind === 'any' ? undefined : all, closed])
      socket.close()
      const code = await closed
      codes[code] = (codes[code] ?? 0) + 1
    }
  }
  const { ms } = await timed(() => Promise.all(Array.from({ length: TOGETHER }, one)))
  return { frames: sent, sockets, codes, ms }
}
