import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * The text of an API token: `bsk_`, 32 random bytes in base62, and six characters of CRC32 over them. The prefix lets
 * secret scanners find a leaked one; the checksum lets a typo be refused without asking the database.
 */
const PREFIX = 'bsk_'
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 62^43 > 2^256 and 62^6 > 2^32: fixed widths, so that every token is equally long. */
const BODY_WIDTH = 43
const CHECKSUM_WIDTH = 6
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${BODY_WIDTH + CHECKSUM_WIDTH}}$`)

function base62(value: bigint, width: number): string {
  let text = ''
  for (let rest = value; text.length < width; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text
  return text
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_WIDTH)
}

/** A new secret token. Shown once; only its hash is kept. */
export function makeToken(): string {
  const body = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), BODY_WIDTH)
  return `${PREFIX}${body}${checksum(body)}`
}

/** True where the text claims to be an API token, well-formed or not. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** True where shape and checksum hold; says nothing about whether the token was ever given out. */
export function isWellFormed(text: string): boolean {
  if (!SHAPE.test(text)) return false
  const body = text.slice(PREFIX.length, PREFIX.length + BODY_WIDTH)
  return text.slice(PREFIX.length + BODY_WIDTH) === checksum(body)
}

/** SHA-256, 32 bytes: what the table holds. A token has 256 random bits, so a slow hash would add nothing. */
export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Equality in constant time for secrets of any length. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(hashOf(one), hashOf(other))
}
