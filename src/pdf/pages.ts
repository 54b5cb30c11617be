import { ReportFailed } from '../errors.ts'
import type { Item } from './lines.ts'

/** Bytes, and how many there will be. */
export interface PdfFile {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly byteSize: number
  readonly signal: AbortSignal
}

export interface Page {
  /** From 1. */
  readonly number: number
  readonly items: readonly Item[]
  /** It shows nothing but pictures. */
  isPicture(): Promise<boolean>
}

export interface Pages {
  readonly count: number
  /** One after another; what a page took is let go of before the next. */
  all(): AsyncGenerator<Page>
  close(): Promise<void>
}

/** More pages, or more text on one, are nobody's statement of account. */
const MOST_PAGES = 5_000
const MOST_ITEMS = 100_000
/** Where the mark of its end has to stand, in bytes from there: what was cut off may still look like a shorter PDF. */
const TAIL = 2_048

type Pdfjs = typeof import('unpdf/pdfjs')
type Viewport = { transform: number[]; scale: number }

/**
 * Opens a PDF. Its bytes are held whole, pages one at a time. Rejects with the final ReportFailed INVALID_PARAMETERS where it is
 * encrypted or broken, as all() does for what shows later.
 */
export async function openPages({ bytes, byteSize, signal }: PdfFile): Promise<Pages> {
  const data = new Uint8Array(byteSize)
  let length = 0
  for await (const chunk of bytes) {
    data.set(chunk, length)
    length += chunk.length
  }
  if (!Buffer.from(data.buffer, Math.max(0, byteSize - TAIL)).includes('%%EOF')) throw broken()
  const pdfjs: Pdfjs = await import('unpdf/pdfjs')
  // What can't be read whole must not be read in part.
  const loading = pdfjs.getDocument({
    data,
    stopAtErrors: true,
    useSystemFonts: false,
    disableFontFace: true,
    useWorkerFetch: false,
    verbosity: 0,
  })
  const close = () => loading.destroy()
  const document = await loading.promise.catch(async (error: unknown) => {
    await close()
    throw unreadable(error)
  })
  const count = document.numPages
  if (count > MOST_PAGES) {
    await close()
    throw new ReportFailed('INVALID_PARAMETERS', `The PDF has ${count} pages: at most ${MOST_PAGES} are read.`)
  }

  async function read(number: number): Promise<Page & { cleanup(): void }> {
    const page = await document.getPage(number)
    const { transform } = page.getViewport({ scale: 1 }) as Viewport
    const items: Item[] = []
    const reader = (page.streamTextContent() as ReadableStream<{ items: unknown[] }>).getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      for (const item of value.items) {
        const placed = itemOf(item as TextItem, transform)
        if (placed) items.push(placed)
      }
      if (items.length > MOST_ITEMS)
        throw new ReportFailed('INVALID_PARAMETERS', `Page ${number} of the PDF has too much text to be a table.`)
    }
    return {
      number,
      items,
      async isPicture() {
        if (items.length > 0) return false
        const { fnArray } = await page.getOperatorList()
        const { paintImageXObject, paintInlineImageXObject, paintImageMaskXObject, paintImageXObjectRepeat } = pdfjs.OPS
        const pictures = [paintImageXObject, paintInlineImageXObject, paintImageMaskXObject, paintImageXObjectRepeat]
        return fnArray.some((operator: number) => pictures.includes(operator as never))
      },
      cleanup: () => void page.cleanup(),
    }
  }

  return {
    count,
    async *all() {
      for (let number = 1; number <= count; number++) {
        // The reading itself never waits: whoever calls it off, or asks how far it is, has a turn here.
        await new Promise((turn) => setImmediate(turn))
        signal.throwIfAborted()
        try {
          const page = await read(number)
          yield page
          page.cleanup()
        } catch (error) {
          throw unreadable(error)
        }
      }
    },
    close,
  }
}

interface TextItem {
  str: string
  transform: number[]
  width: number
  height: number
  fontName: string
}

/** Null for what is no text that one reads from left to right: spaces, marks, watermarks that stand at an angle. */
function itemOf({ str, transform, width, fontName }: TextItem, view: readonly number[]): Item | null {
  if (str === undefined || str.trim() === '') return null
  const [a, b, , d, e, f] = multiply(view, transform) as [number, number, number, number, number, number]
  if (a <= 0 || Math.abs(b) > 0.01 * Math.abs(a)) return null
  return { text: str, left: e, right: e + width, y: f, height: Math.abs(d), font: fontName }
}

function multiply(m: readonly number[], n: readonly number[]): number[] {
  const [a, b, c, d, e, f] = m as [number, number, number, number, number, number]
  const [g, h, i, j, k, l] = n as [number, number, number, number, number, number]
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f]
}

/** What the library says, as a failure that a person can mend. */
function unreadable(error: unknown): unknown {
  const { name } = error as Error
  if (name === 'PasswordException')
    return new ReportFailed('INVALID_PARAMETERS', 'The PDF is encrypted: save it without a password, and upload that.')
  const names = [
    'InvalidPDFException',
    'FormatError',
    'UnknownErrorException',
    'MissingDataException',
    'XRefParseException',
  ]
  return names.includes(name) ? broken(error) : error
}

function broken(cause?: unknown): ReportFailed {
  return new ReportFailed(
    'INVALID_PARAMETERS',
    'The PDF is broken: it can’t be read whole. Make it anew, or send it again.',
    { cause },
  )
}
