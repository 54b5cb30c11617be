/** Where a browser on this machine finds the service. */
export function localUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** An address that reaches the service over loopback; null where it listens on another address alone. */
export function loopbackUrl(host: string, port: number): string | null {
  const names: Readonly<Record<string, string>> = {
    '0.0.0.0': '127.0.0.1',
    '::': '[::1]',
    '::1': '[::1]',
    localhost: 'localhost',
  }
  const name = names[host] ?? (/^127\.\d+\.\d+\.\d+$/.test(host) ? host : null)
  return name === null ? null : `http://${name}:${port}`
}
