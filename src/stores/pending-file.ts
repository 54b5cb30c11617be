import { open, type FileHandle } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { storageFailed } from './storage-failed.ts'

/** Bytes that wait for the disk at most, beside the one chunk on its way. */
const BUFFER_BYTES = 256 * 1024

/** A new file to be written once, mode 0600. The stream finishes when the bytes are on the disk (fsync) and the file is closed. */
export async function createPendingFile(path: string): Promise<Writable> {
  const file: FileHandle = await open(path, 'wx', 0o600)
  let closed: Promise<void> | undefined
  const close = () => (closed ??= file.close())
  return new Writable({
    highWaterMark: BUFFER_BYTES,
    write(chunk: Buffer, _, callback) {
      // writeFile() on a handle goes on after a short write, which write() leaves to its caller.
      file.writeFile(chunk).then(
        () => callback(),
        (error: unknown) => callback(storageFailed(error)),
      )
    },
    writev(chunks, callback) {
      const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))
      file.writeFile(bytes).then(
        () => callback(),
        (error: unknown) => callback(storageFailed(error)),
      )
    },
    final(callback) {
      file
        .sync()
        .then(close)
        .then(
          () => callback(),
          (error: unknown) => callback(storageFailed(error)),
        )
    },
    destroy(error, callback) {
      close().then(
        () => callback(error),
        (failure: unknown) => callback(error ?? storageFailed(failure)),
      )
    },
  })
}
