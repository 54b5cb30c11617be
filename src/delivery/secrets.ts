import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

/** AES-256-GCM: one byte that names the form, 4 that name the key, nonce, tag, and then the text. */
const FORM = 1
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES

/** Keeps what only the receiver of a delivery may know. */
export interface Secrets {
  /** Encrypts for one tenant: another's row can't borrow it. */
  seal(text: string, tenantId: string): Buffer
  /** Null where none of the secrets has sealed it, or it was changed, or it is another tenant's. */
  open(sealed: Uint8Array, tenantId: string): string | null
}

/** Keys are derived (HKDF-SHA256) from the parts of BROADSHEET_SECRET: the first seals, all open. */
export function createSecrets(secrets: readonly string[]): Secrets {
  const keys = secrets.map((secret) => {
    const key = Buffer.from(hkdfSync('sha256', secret, '', 'broadsheet delivery secret 1', 32))
    return { key, id: createHash('sha256').update('id of ').update(key).digest().subarray(0, KEY_ID_BYTES) }
  })
  return {
    seal(text, tenantId) {
      const { key, id } = keys[0]!
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(tenantId))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.from([FORM]), id, nonce, cipher.getAuthTag(), sealed])
    },
    open(given, tenantId) {
      const sealed = Buffer.from(given)
      if (sealed.length < HEAD_BYTES || sealed[0] !== FORM) return null
      const at = 1 + KEY_ID_BYTES
      const known = keys.find(({ id }) => id.equals(sealed.subarray(1, at)))
      if (!known) return null
      const decipher = createDecipheriv('aes-256-gcm', known.key, sealed.subarray(at, at + NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(tenantId)).setAuthTag(sealed.subarray(at + NONCE_BYTES, HEAD_BYTES))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8')
      } catch {
        return null // its tag does not fit: the one error that final() has
      }
    },
  }
}
