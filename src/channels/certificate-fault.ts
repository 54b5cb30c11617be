/** True for an error of a TLS handshake: a certificate that is not good, or another end that speaks no TLS. */
export function isCertificateFault(code: string | undefined): boolean {
  return /CERT|SIGNATURE|^ERR_TLS|^ERR_SSL|ISSUER|^EPROTO$|^ETLS$/.test(code ?? '')
}
