/** The values of an enum with what each of them means. A value without words does not compile. */
export function meanings<const V extends string>(
  values: readonly V[],
  words: Readonly<Record<NoInfer<V>, string>>,
): Record<V, { value: V; description: string }> {
  return Object.fromEntries(values.map((value) => [value, { value, description: words[value] }])) as Record<
    V,
    { value: V; description: string }
  >
}
