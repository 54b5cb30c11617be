import type { Log } from '../log.ts'
import { createPostgresSource } from './postgres.ts'
import type { Source } from './source.ts'

/** By name; only what the settings list. */
export type Sources = ReadonlyMap<string, Source>

/** Opens nothing yet: each source connects when it is asked. */
export function createSources(
  urls: Readonly<Record<string, string>>,
  options: { log: Log; maxConnections: number },
): Sources {
  return new Map(Object.entries(urls).map(([name, url]) => [name, createPostgresSource(name, url, options)]))
}

export { createNamed, isNamed, type Named } from './named.ts'
export type { Source } from './source.ts'
