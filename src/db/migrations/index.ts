import { M0001Spine } from './m0001-spine.ts'

/** In order; a migration that has landed is never edited. */
export const MIGRATIONS = [{ name: 'm0001-spine', class: M0001Spine }]
