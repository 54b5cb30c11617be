/** Tests ask faster, and watch more, than any user does: what they look at is not the limits, unless they say so. */
export const WIDE_LIMITS = {
  RATE_LIMIT: '1000000/s',
  USER_SOCKETS: '10000',
  USER_SUBSCRIPTIONS: '100000',
  USER_MESSAGES: '100000',
  BAD_TOKENS: '1000000/s',
} as const
