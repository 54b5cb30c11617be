import { v7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { createWatchTokens } from '../../src/identity/watch-token.ts'
import type { Viewer } from '../../src/identity/viewer.ts'

const OLD = 'the-old-secret-of-the-tests-0123456789'
const NEW = 'the-new-secret-of-the-tests-0123456789'
const NOW = new Date('2026-11-22T09:00:00Z')
const viewer: Viewer = {
  userId: v7(),
  tenantId: 'acme.eu',
  role: 'MEMBER',
  scopes: ['reports:read'],
  tokenExpiresAt: null,
  apiTokenId: v7(),
}
const reportId = v7()
const tokens = createWatchTokens({ secrets: [OLD] })

describe('a watch token', () => {
  it('says report, tenant, issuer, the token it was asked with, and its end after 15 minutes', () => {
    const token = tokens.make(viewer, reportId, NOW)
    expect(token).toMatch(/^bsw_[\w-]+\.[\w-]+$/)
    expect(token.length).toBeLessThan(400)
    expect(tokens.read(token)).toEqual({
      reportId,
      tenantId: 'acme.eu',
      issuer: viewer.userId,
      apiTokenId: viewer.apiTokenId,
      expiresAt: new Date('2026-11-22T09:15:00Z'),
    })
  })

  it('ends no later than the credential that asks', () => {
    const tokenExpiresAt = new Date('2026-11-22T09:02:00Z')
    const token = tokens.make({ ...viewer, tokenExpiresAt }, reportId, NOW)
    expect(tokens.read(token)?.expiresAt).toEqual(tokenExpiresAt)
  })

  it('is not made with another one', () => {
    expect(() => tokens.make({ ...viewer, watches: reportId }, reportId, NOW)).toThrow(/makes no other one/)
  })

  it('is forged where any character is another, and where another secret signed', () => {
    const token = tokens.make(viewer, reportId, NOW)
    // The last character of a base64url text may hold bits that mean nothing, so the text itself is compared.
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      expect(tokens.read(changed), `changed at ${at}`).toBeNull()
    }
    expect(createWatchTokens({ secrets: [NEW] }).read(token)).toBeNull()
    for (const odd of ['', 'bsw_', 'bsw_.', `${token}x`, token.slice(4), ` ${token}`, `bsw_${'A'.repeat(3_000)}.x`])
      expect(tokens.read(odd), odd.slice(0, 20)).toBeNull()
  })

  it('holds under two secrets while they change', () => {
    const both = createWatchTokens({ secrets: [NEW, OLD] })
    expect(both.read(tokens.make(viewer, reportId, NOW))?.reportId).toBe(reportId)
    expect(tokens.read(both.make(viewer, reportId, NOW))).toBeNull()
  })
})
