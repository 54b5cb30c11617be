import { isMap, isScalar, type Document } from 'yaml'

/**
 * `{ type: Int, description: First day, inclusive }` is what people write, and YAML reads the comma as the next key. A key
 * without a value behind a description is taken for the rest of the sentence; every other one stays a fault.
 */
export function joinBareWords(document: Document): void {
  const parameters = isMap(document.contents) ? document.contents.get('parameters', true) : undefined
  if (!isMap(parameters)) return
  for (const { value: declaration } of parameters.items) {
    if (!isMap(declaration) || !declaration.flow) continue
    let sentence: { value: unknown } | undefined
    declaration.items = declaration.items.filter((item) => {
      const bare =
        item.value === null || (isScalar(item.value) && item.value.value === null && item.value.source === '')
      if (sentence && bare && isScalar(item.key)) {
        sentence.value = `${String(sentence.value)}, ${String(item.key.value)}`
        return false
      }
      const isDescription = isScalar(item.key) && item.key.value === 'description'
      sentence = isDescription && isScalar(item.value) && item.value.type === 'PLAIN' ? item.value : undefined
      return true
    })
  }
}
