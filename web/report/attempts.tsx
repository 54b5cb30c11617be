import type { AttemptFactsFragment } from '../generated/graphql.ts'
import { duration } from '../parts/figures.ts'
import { Age, Moment } from '../parts/time.tsx'
import { failureWords } from './failure-words.ts'
import { outcomeWords } from './words.ts'

/** How often it was tried, and what came of it, the last one first. */
export function Attempts({ attempts }: { attempts: readonly AttemptFactsFragment[] }) {
  return (
    <section>
      <h2>Attempts</h2>
      <ol class="entries" reversed>
        {attempts.toReversed().map((attempt) => (
          <li key={attempt.number} value={attempt.number}>
            <p>
              <strong>{outcomeWords(attempt.outcome)}</strong> <Span attempt={attempt} />
            </p>
            {attempt.failure && (
              <>
                <p>{failureWords(attempt.failure.code).what}</p>
                <p class="said">{attempt.failure.message}</p>
              </>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

function Span({ attempt: { startedAt, finishedAt } }: { attempt: AttemptFactsFragment }) {
  if (finishedAt === null)
    return (
      <span class="help">
        began <Age at={startedAt} />
      </span>
    )
  return (
    <span class="help">
      after {duration(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000)}, begun{' '}
      <Moment at={startedAt} />
    </span>
  )
}
