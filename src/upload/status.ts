/** WAITING for its bytes, READY with them, REFUSED where they are not what was said, EXPIRED when its time is over. */
export const UPLOAD_STATUSES = ['WAITING', 'READY', 'REFUSED', 'EXPIRED'] as const
export type UploadStatus = (typeof UPLOAD_STATUSES)[number]
