import { figureWords, nameWords } from './words.ts'

/** Figures about the whole, where the type gives them. */
export function Summary({ summary }: { summary: unknown }) {
  if (typeof summary !== 'object' || summary === null) return null
  const facts = Object.entries(summary)
  if (facts.length === 0) return null
  return (
    <dl class="summary">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{nameWords(name)}</dt>
          <dd>
            <Figure value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Figure({ value }: { value: unknown }) {
  const words = figureWords(value)
  return words === null ? <span class="faint">none</span> : <>{words}</>
}
