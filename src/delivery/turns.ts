import type { ChannelName } from '../channels/channel.ts'

/** Tries of one worker at once. */
export interface Lanes {
  /** To destinations that answer. */
  readonly usual: number
  /** Beside those, to destinations whose last try failed: they wait for each other, and nobody waits for them. */
  readonly ailing: number
  /** To one destination that has answered well; one that has not yet, or not last time, has one at a time. */
  readonly each: number
}

/** What the claim may take now, as it is told. */
export interface Room {
  /** `after`: where the last turn of the channel ended. */
  readonly lanes: readonly { channel: string; usual: number; ailing: number; after: string }[]
  readonly known: readonly { channel: string; destination: string; room: number; ailing: boolean | null }[]
}

export interface Destination {
  readonly channel: ChannelName
  readonly destination: string
}

/** Destinations that one worker remembers; the one that was longest not heard of is forgotten first. */
const MOST_KNOWN = 500

/**
 * Whose turn it is among the destinations, as one worker sees it: what it has learned of each, and how many tries it has under
 * way. It is kept in memory alone: a worker that forgets begins with one try at a time. Pure.
 */
export function createTurns(lanes: Readonly<Record<ChannelName, Lanes>>) {
  const known = new Map<string, Destination & { held: number; ailing: boolean | null }>()
  const held = new Map<string, number>()
  const after = new Map<string, string>()

  function stateOf({ channel, destination }: Destination) {
    const key = `${channel} ${destination}`
    const state = known.get(key) ?? { channel, destination, held: 0, ailing: null }
    known.delete(key)
    known.set(key, state)
    if (known.size > MOST_KNOWN)
      for (const [oldest, each] of known)
        if (each.held === 0 && each !== state) {
          known.delete(oldest)
          break
        }
    return state
  }
  const laneKey = (channel: string, ailing: boolean) => `${channel} ${ailing}`
  const inLane = (channel: string, ailing: boolean) => held.get(laneKey(channel, ailing)) ?? 0

  return {
    /** A try has begun, in the lane that the claim took it for; in the order of the claim. */
    begin(destination: Destination, ailing: boolean): void {
      stateOf(destination).held += 1
      after.set(destination.channel, destination.destination)
      held.set(laneKey(destination.channel, ailing), inLane(destination.channel, ailing) + 1)
    },

    /** A try that takes long leaves its place to others, where there is one aside. False: it stays in the usual lane. */
    stepAside({ channel }: Destination): boolean {
      if (inLane(channel, true) >= lanes[channel].ailing) return false
      held.set(laneKey(channel, false), inLane(channel, false) - 1)
      held.set(laneKey(channel, true), inLane(channel, true) + 1)
      return true
    },

    /** It has ended, in the lane where it is by now. `well`: the destination answered; null: nothing was learned of it. */
    end(destination: Destination, ailing: boolean, well: boolean | null): void {
      const state = stateOf(destination)
      state.held -= 1
      if (well !== null) state.ailing = !well
      held.set(laneKey(destination.channel, ailing), inLane(destination.channel, ailing) - 1)
    },

    room(): Room {
      return {
        lanes: Object.entries(lanes).map(([channel, { usual, ailing }]) => ({
          channel,
          usual: usual - inLane(channel, false),
          ailing: ailing - inLane(channel, true),
          after: after.get(channel) ?? '',
        })),
        known: [...known.values()].map(({ channel, destination, held: tries, ailing }) => ({
          channel,
          destination,
          room: Math.max(0, (ailing === false ? lanes[channel].each : 1) - tries),
          ailing,
        })),
      }
    },
  }
}
