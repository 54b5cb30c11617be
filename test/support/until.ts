/** Resolves with the first truthy answer of `fact`, asked every few milliseconds; rejects after `timeout` milliseconds. */
export async function until<T>(
  fact: () => T | Promise<T>,
  options: { timeout?: number; what?: string } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { timeout = 10_000, what = String(fact) } = options
  const end = performance.now() + timeout
  for (;;) {
    const answer = await fact()
    if (answer) return answer as Exclude<T, undefined | null | false>
    if (performance.now() > end) throw new Error(`still not true after ${timeout} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
