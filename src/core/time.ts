/** ISO 8601 in UTC, to the second: how every listing and message writes a time. */
export const isoTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;
