/** The bytes of a file on their way: one PUT to the address that the API gave. */

/** What helps where a file did not arrive: the same PUT, another address for it, or another file. */
export type Remedy = 'same' | 'anew' | 'other'

/** Why a file did not arrive, in words. */
export class NotSent extends Error {
  readonly remedy: Remedy
  constructor(message: string, remedy: Remedy) {
    super(message)
    this.remedy = remedy
  }
}

const LOST = 'The connection was lost on the way. Try again.'
const STALE = 'The address for this file is no longer good. Try again.'
const ANSWERS: Readonly<Record<number, readonly [message: string, remedy: Remedy]>> = {
  400: ['The file has changed since you chose it. Choose it again.', 'other'],
  403: [STALE, 'anew'],
  410: [STALE, 'anew'],
  415: ['Its content is not what its name says. Choose another file.', 'other'],
}

/** XMLHttpRequest, because fetch does not tell how far a body has come. `progressed` hears of bytes. Rejects with NotSent. */
export function send(
  file: Blob,
  { url, headers }: { url: string; headers: Readonly<Record<string, string>> },
  progressed: (sent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    // The address names the service as the world knows it; this page has come from it, by whatever name.
    const { pathname, search } = new URL(url, location.href)
    request.open('PUT', pathname + search)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded }) => progressed(loaded))
    request.addEventListener('load', () => {
      const { status } = request
      // 409: its answer was lost, and the bytes are there.
      if (status < 300 || status === 409) resolve()
      else reject(new NotSent(...(ANSWERS[status] ?? ([LOST, 'same'] as const))))
    })
    request.addEventListener('error', () => reject(new NotSent(LOST, 'same')))
    request.addEventListener('abort', () => reject(new NotSent('Stopped.', 'same')))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}
