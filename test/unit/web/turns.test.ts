import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Failure } from '../../../web/api/failure.ts'
import { keepFollowing, type Sink } from '../../../web/api/following.ts'
import { createTurns } from '../../../web/api/turns.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

describe('readings in turn', () => {
  function scene() {
    const answers: PromiseWithResolvers<void>[] = []
    const failures: string[] = []
    const turns = createTurns(
      () => {
        const answer = Promise.withResolvers<void>()
        answers.push(answer)
        return answer.promise
      },
      ({ code }) => failures.push(code),
    )
    return { turns, answers, failures }
  }

  test('what is told of one thing in several ways is one reading', async () => {
    const { turns, answers } = scene()
    for (let times = 0; times < 5; times++) turns.ask()
    await pass(1_000)
    expect(answers).toHaveLength(1)
  })

  test('what is asked for while one is under way is one more, not at the same time and not too soon', async () => {
    const { turns, answers } = scene()
    turns.ask('at once')
    await pass(0)
    for (let times = 0; times < 5; times++) turns.ask()
    await pass(5_000)
    expect(answers).toHaveLength(1)
    answers[0]?.resolve()
    await pass(400)
    expect(answers).toHaveLength(1)
    await pass(200)
    expect(answers).toHaveLength(2)
    answers[1]?.resolve()
    await pass(60_000)
    expect(answers).toHaveLength(2)
  })

  test('somebody who waits is not held back', async () => {
    const { turns, answers } = scene()
    turns.ask('at once')
    await pass(0)
    answers[0]?.resolve()
    await pass(10)
    turns.ask('at once')
    await pass(0)
    expect(answers).toHaveLength(2)
  })

  test('a failure that may pass is tried again, ever later, at least after what the API said; others are not', async () => {
    const { turns, answers, failures } = scene()
    turns.ask('at once')
    await pass(0)
    answers[0]?.reject(new Failure('OFFLINE', ''))
    await pass(999)
    expect(answers).toHaveLength(1)
    await pass(1)
    answers[1]?.reject(new Failure('RATE_LIMITED', '', 30))
    await pass(29_000)
    expect(answers).toHaveLength(2)
    await pass(1_000)
    answers[2]?.reject(new Failure('FORBIDDEN', ''))
    await pass(600_000)
    expect(answers).toHaveLength(3)
    expect(failures).toEqual(['OFFLINE', 'RATE_LIMITED', 'FORBIDDEN'])
  })

  test('nothing begins once it is closed', async () => {
    const { turns, answers, failures } = scene()
    turns.ask('at once')
    await pass(0)
    turns.close()
    answers[0]?.reject(new Failure('OFFLINE', ''))
    turns.ask('at once')
    await pass(600_000)
    expect(answers).toHaveLength(1)
    expect(failures).toEqual([])
  })
})

describe('a subscription that is followed', () => {
  function scene() {
    const begun: Sink<string>[] = []
    const told: string[] = []
    let ended = 0
    const leave = keepFollowing<string>(
      (sink) => {
        begun.push(sink)
        return () => void (ended += 1)
      },
      (result) => told.push(result),
      ({ code }) => told.push(code),
    )
    return { begun, told, leave, ended: () => ended }
  }

  test('begins again where the service ended it, ever later while nothing is heard', async () => {
    const { begun, told } = scene()
    begun[0]?.next({ data: 'READY' })
    begun[0]?.complete()
    await pass(1_000)
    begun[1]?.complete()
    await pass(1_000)
    expect(begun).toHaveLength(2)
    await pass(1_000)
    expect(begun).toHaveLength(3)
    begun[2]?.next({ data: 'READY' })
    begun[2]?.complete()
    await pass(1_000)
    expect(begun).toHaveLength(4)
    expect(told).toEqual(['READY', 'READY'])
  })

  test('one that is refused for now begins again; one that is refused for good is told of, once', async () => {
    const { begun, told } = scene()
    begun[0]?.next({ data: null, errors: [{ message: '', extensions: { code: 'UNAVAILABLE' } }] })
    begun[0]?.complete()
    await pass(1_000)
    begun[1]?.error([{ message: '', extensions: { code: 'RATE_LIMITED', retryAfter: 20 } }])
    await pass(19_000)
    expect(begun).toHaveLength(2)
    await pass(1_000)
    begun[2]?.error([{ message: '', extensions: { code: 'NOT_FOUND' } }])
    begun[2]?.complete()
    await pass(600_000)
    expect(begun).toHaveLength(3)
    expect(told).toEqual(['NOT_FOUND'])
  })

  test('what is left hears nothing and does not begin again', async () => {
    const { begun, told, leave, ended } = scene()
    leave()
    begun[0]?.next({ data: 'late' })
    begun[0]?.complete()
    await pass(600_000)
    expect([begun.length, told, ended()]).toEqual([1, [], 1])
  })
})
