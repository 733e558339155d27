/** Why a connection failed, in words: the system's names, and OpenSSL's. */

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the server closed the connection',
  EPIPE: 'the server closed the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what the server answers is not TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what the server answers is not TLS',
  ERR_SSL_HTTP_REQUEST: 'what the server answers is not TLS',
};

/** It has no address, or none could be asked for. */
export const isUnknownName = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && (cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN');

export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const known = 'code' in cause ? REASONS[String(cause.code)] : undefined;
  // OpenSSL's whole message has addresses and source files in it.
  return known ?? ('reason' in cause ? String(cause.reason) : cause.message);
}
