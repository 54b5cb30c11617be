import type { AnyChannel, Channels } from '../channels/index.ts'
import type { Asked, ChannelName, DocumentForm } from '../channels/channel.ts'
import type { EntityManager } from '../db/orm.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'
import { isStorable, NOT_STORABLE } from '../storable.ts'
import type { Secrets } from './secrets.ts'
import { CHANNEL_FIELDS, MOST_TARGETS } from './status.ts'

/** DeliveryInput after GraphQL has checked its shape: exactly one field. `keep` is the target's uuid. */
export type DeliveryInput = { readonly [field: string]: unknown }

/** A target as its channel has let it in. */
export interface NewTarget {
  readonly channel: string
  readonly target: object
  readonly described: string
  readonly destination: string
  readonly takesFailures: boolean
  /** Sealed. */
  readonly secret: Buffer | null
}
/** What an update of a schedule leaves as it is. */
export interface KeptTarget {
  readonly keep: string
}
export type WantedTarget = NewTarget | KeptTarget
/** A target that is there and may stay. */
export interface Keepable {
  readonly id: string
  readonly channel: ChannelName
  readonly target: object
}

/** Where outcomes may go, checked against what the operator allows. */
export function createTargets({ channels, secrets }: { channels: Channels; secrets: Secrets }) {
  return {
    /**
     * All that is wrong comes in one Refusal, each with its full path: [...path, "1", "email", "to", "0"]. In the caller's
     * transaction, because the viewer's address is read. `keepable`: the targets that `keep` may name; else it is INVALID.
     */
    async check(
      em: EntityManager,
      viewer: Viewer,
      inputs: readonly DeliveryInput[],
      path: readonly string[],
      form: DocumentForm,
      keepable: readonly Keepable[] = [],
    ): Promise<WantedTarget[]> {
      if (inputs.length > MOST_TARGETS)
        throw refuse('LIMIT_REACHED', [...path], `At most ${MOST_TARGETS} deliveries; you gave ${inputs.length}.`)
      const errors: UserError[] = []
      const wanted: WantedTarget[] = []
      const asked = await askedBy(em, viewer, inputs, form)
      const kept = new Set<string>()
      for (const [index, input] of inputs.entries()) {
        const [field, given] = Object.entries(input).find(([, value]) => value != null) ?? ['', null]
        const here = [...path, String(index), field]
        try {
          if (field !== 'keep') {
            wanted.push(await checkOne(channelOf(field, here), given, asked, here))
            continue
          }
          const known = keepable.find(({ id }) => id === String(given))
          if (!known || kept.has(known.id))
            throw refuse('INVALID', here, 'keep names a target of the schedule that is updated, each once.')
          checkForm(known, form, here)
          kept.add(String(given))
          wanted.push({ keep: String(given) })
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          errors.push(...error.userErrors)
        }
      }
      if (errors.length > 0) throw new Refusal(errors)
      return wanted
    },

    /** What all stays, for documents that may be others from now on. Throws Refusal INVALID at the path. */
    checkKept(keepable: readonly Keepable[], path: readonly string[], form: DocumentForm): void {
      for (const each of keepable) checkForm(each, form, path)
    },

    /**
     * Whether the viewer may say what goes there: an ADMIN may have named what is for an ADMIN's own, in a schedule of somebody
     * else. Throws Refusal FORBIDDEN at the path.
     */
    checkMayFill({ role }: Pick<Viewer, 'role'>, kept: readonly Keepable[], path: readonly string[]): void {
      for (const { channel, target } of kept) {
        const allows = channels.get(channel)?.allows
        if (allows && !allows(target, role, null) && allows(target, 'ADMIN', null))
          throw refuse(
            'FORBIDDEN',
            [...path],
            'It is delivered to where you may not: leave the report as it is, or that delivery out.',
          )
      }
    },
  }

  function checkForm({ channel }: Keepable, form: DocumentForm, path: readonly string[]): void {
    const fault = channels.get(channel)?.faultOfForm?.(form) ?? null
    if (fault !== null) throw refuse('INVALID', [...path], fault)
  }

  function channelOf(field: string, here: readonly string[]): AnyChannel {
    const name = CHANNEL_FIELDS[field]
    const channel = name && channels.get(name)
    if (!channel) throw refuse('INVALID', [...here], `There is no delivery by ${field} here.`)
    return channel
  }

  async function checkOne(
    channel: AnyChannel,
    given: unknown,
    asked: Asked,
    here: readonly string[],
  ): Promise<NewTarget> {
    checkStorable(given, here)
    try {
      const { target, secret } = await channel.check(given, asked)
      return {
        channel: channel.name,
        target: target as object,
        described: channel.describe(target),
        destination: channel.destination?.(target) ?? channel.name,
        takesFailures: channel.takesFailures,
        secret: secret === undefined ? null : secrets.seal(secret, asked.viewer.tenantId),
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new Refusal(
        error.userErrors.map((one) => ({ ...one, field: [...here, ...(one.field ?? [])] })),
        null,
      )
    }
  }
}

export type Targets = ReturnType<typeof createTargets>

/** Who asks, with the address that only e-mail asks for. */
async function askedBy(
  em: EntityManager,
  viewer: Viewer,
  inputs: readonly DeliveryInput[],
  form: DocumentForm,
): Promise<Asked> {
  const { format, compression, csvDialect } = form
  const asked = { viewer, email: null, format, compression, csvDialect }
  if (!inputs.some(({ email }) => email != null)) return asked
  const [user] = await em.execute<{ email: string | null }[]>(`select email from broadsheet.app_user where id = ?`, [
    viewer.userId,
  ])
  return { ...asked, email: user?.email ?? null }
}

/** Text that no database stores, wherever it stands. Throws Refusal with the path of each. */
function checkStorable(given: unknown, here: readonly string[]): void {
  const errors: UserError[] = []
  const look = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'string' && !isStorable(value))
      errors.push({ field: [...path], code: 'INVALID', message: `This text ${NOT_STORABLE}` })
    else if (typeof value === 'object' && value !== null)
      for (const [name, part] of Object.entries(value)) look(part, [...path, name])
  }
  look(given, here)
  if (errors.length > 0) throw new Refusal(errors)
}
