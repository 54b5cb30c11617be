interface ObjectStoreError {
  readonly name?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** There is no such object. A HEAD's answer has no body, so it knows no other name. */
export function isMissingObject(error: unknown): boolean {
  const { name, $metadata } = error as ObjectStoreError
  return (
    name === 'NoSuchKey' ||
    name === 'NotFound' ||
    (name !== 'NoSuchBucket' && name !== 'NoSuchUpload' && $metadata?.httpStatusCode === 404)
  )
}

/** The multipart upload has ended, this way or that. */
export function isMissingUpload(error: unknown): boolean {
  return (error as ObjectStoreError).name === 'NoSuchUpload'
}
