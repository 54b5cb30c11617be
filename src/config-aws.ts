import type { Reader } from './config-reader.ts'

/** What AWS's tools read from the environment, as far as it is honoured here. Null: not set. */
export interface AwsSettings {
  readonly region: string | null
  /** Keys as they are; the first choice where there are any. */
  readonly keys: { readonly id: string; readonly secret: string; readonly sessionToken: string | null } | null
  /** A name in the files below. */
  readonly profile: string | null
  readonly credentialsFile: string | null
  readonly configFile: string | null
  /** A role by the token of a web identity, as in Kubernetes on AWS. */
  readonly role: { readonly arn: string; readonly tokenFile: string; readonly sessionName: string | null } | null
  /** Where a container asks for its keys. */
  readonly container: {
    readonly uri: string | null
    readonly path: string | null
    readonly token: string | null
    readonly tokenFile: string | null
  } | null
}

/** What an object store is opened with, wherever that is done. */
export interface ObjectStoreAccess {
  /** Null: AWS's own, by region. */
  readonly endpoint: string | null
  readonly aws: AwsSettings
}

/** A bucket and what is below: letters of keys that need no care in a URL. */
export const BUCKET_URL = /^s3:\/\/[a-z0-9][a-z0-9.-]+[a-z0-9](\/[A-Za-z0-9._/-]*)?$/

export function readAws(reader: Reader): AwsSettings {
  const { text } = reader
  const [id, secret] = [text('AWS_ACCESS_KEY_ID'), text('AWS_SECRET_ACCESS_KEY')]
  if ((id === null) !== (secret === null))
    reader.faults.push('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or neither.')
  const sessionToken = text('AWS_SESSION_TOKEN')
  const [arn, tokenFile] = [text('AWS_ROLE_ARN'), text('AWS_WEB_IDENTITY_TOKEN_FILE')]
  const sessionName = text('AWS_ROLE_SESSION_NAME')
  const container = {
    uri: text('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    path: text('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'),
    token: text('AWS_CONTAINER_AUTHORIZATION_TOKEN'),
    tokenFile: text('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
  }
  const [region, otherRegion] = [text('AWS_REGION'), text('AWS_DEFAULT_REGION')]
  return {
    region: region ?? otherRegion,
    keys: id !== null && secret !== null ? { id, secret, sessionToken } : null,
    profile: text('AWS_PROFILE'),
    credentialsFile: text('AWS_SHARED_CREDENTIALS_FILE'),
    configFile: text('AWS_CONFIG_FILE'),
    role: arn !== null && tokenFile !== null ? { arn, tokenFile, sessionName } : null,
    container: container.uri !== null || container.path !== null ? container : null,
  }
}

/** What only shows when the parts are seen together. */
export function checkObjectStores(
  reader: Reader,
  storeUrl: string,
  reach: { downloads: string; objectStore: ObjectStoreAccess },
): void {
  const inStore = storeUrl.startsWith('s3:')
  if (reach.downloads === 'redirect' && !inStore)
    reader.faults.push('DOWNLOADS is "redirect", but a store of files has no links: use proxy, or STORE_URL=s3://...')
  if (inStore && reach.objectStore.endpoint === null && reach.objectStore.aws.region === null)
    reader.faults.push('AWS_REGION is not set: the region of the bucket; or set S3_ENDPOINT for a store of your own.')
}
