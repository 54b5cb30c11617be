import { useEffect, useRef, useState } from 'preact/hooks'
import { Failure } from '../api/failure.ts'
import { AnnounceDocument, UploadedFileDocument } from '../generated/graphql.ts'
import { useSigned } from '../session/viewer.tsx'
import { contentTypeOf } from './content-type.ts'
import { NotSent, send } from './sending.ts'

/** A file on its way, or there. */
export interface Carried {
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly sent: number
  readonly state: 'sending' | 'there' | 'failed'
  readonly why: string | null
  /** Whether the same file may be sent once more. */
  readonly again?: boolean
}
interface Announced {
  readonly id: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** What is known of the upload `id`; `take` brings another file in its place, and tells its id when all of it has arrived. */
export function useUpload(id: string, arrived: (id: string) => void) {
  const { connection } = useSigned()
  const [carried, setCarried] = useState<Carried | null>(null)
  const tell = useRef(arrived)
  tell.current = arrived
  /** The one that counts: of a file that was put aside nothing is heard. */
  const going = useRef<AbortController | null>(null)
  const last = useRef<{ file: File; announced: Announced | null } | null>(null)
  useEffect(() => () => going.current?.abort(), [])

  // One that was brought before: by another report, or on another day.
  useEffect(() => {
    if (id === '' || last.current !== null) return
    let left = false
    const found = (name: string, size: number, why: string | null) =>
      left || setCarried({ name, size, sent: size, state: why === null ? 'there' : 'failed', why })
    connection.ask(UploadedFileDocument, { id }).then(
      ({ upload }) => {
        const gone = 'This file is not kept any more. Choose it again.'
        if (!upload) return found('A file', 0, gone)
        return found(upload.fileName, upload.byteSize, upload.status === 'READY' ? null : (upload.refusal ?? gone))
      },
      // Its name alone is missing; whether it can be read is told where the report is asked for.
      () => found('The file of that report', 0, null),
    )
    return () => void (left = true)
  }, [connection, id])

  async function bring(file: File, signal: AbortSignal): Promise<void> {
    const mine = { file, announced: last.current?.file === file ? last.current.announced : null }
    last.current = mine
    const show = (part: Partial<Carried>) =>
      signal.aborted || setCarried({ name: file.name, size: file.size, sent: 0, state: 'sending', why: null, ...part })
    show({})
    try {
      mine.announced ??= await announce(file)
      if (signal.aborted) return
      await send(file, mine.announced, (sent) => show({ sent }), signal)
      show({ sent: file.size, state: 'there' })
      if (!signal.aborted) tell.current(mine.announced.id)
    } catch (error) {
      if (!(error instanceof NotSent || error instanceof Failure)) throw error
      const remedy = error instanceof NotSent ? error.remedy : 'same'
      if (remedy !== 'same') mine.announced = null
      show({ state: 'failed', why: error.message, again: remedy !== 'other' })
    }
  }

  async function announce(file: File): Promise<Announced> {
    const { createUpload } = await connection.ask(AnnounceDocument, {
      fileName: file.name,
      contentType: contentTypeOf(file),
      byteSize: file.size,
    })
    const { request, userErrors } = createUpload
    if (!request) throw new NotSent(userErrors.map(({ message }) => message).join(' '), 'other')
    return { id: request.upload.id, url: request.url, headers: request.headers as Record<string, string> }
  }

  function take(file: File): void {
    going.current?.abort()
    const now = new AbortController()
    going.current = now
    tell.current('')
    void bring(file, now.signal)
  }

  return {
    carried,
    take,
    /** Where it did not arrive, and its bytes are still at hand. */
    again: carried?.again && last.current ? take.bind(null, last.current.file) : null,
    putAside() {
      going.current?.abort()
      last.current = null
      setCarried(null)
      tell.current('')
    },
  }
}
