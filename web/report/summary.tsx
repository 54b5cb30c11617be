import { Fact } from './facts.tsx'
import { figureWords, nameWords } from './words.ts'

/** Figures about the whole, where the type gives them. */
export function Summary({ summary }: { summary: unknown }) {
  if (typeof summary !== 'object' || summary === null) return null
  const facts = Object.entries(summary)
  if (facts.length === 0) return null
  return (
    <dl class="facts summary">
      {facts.map(([name, value]) => (
        <Fact key={name} name={nameWords(name)}>
          <Figure value={value} />
        </Fact>
      ))}
    </dl>
  )
}

function Figure({ value }: { value: unknown }) {
  const words = figureWords(value)
  return words === null ? <span class="faint">none</span> : <>{words}</>
}
