/** ISO 8601 in UTC, to the second: how every listing and message writes a time. */
export const isoTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** X.509 has no fractions of a second. */
export const wholeSecond = (date: Date): Date => new Date(Math.floor(date.getTime() / 1000) * 1000);

/** As 2027-11-22, in UTC. */
export const isoDay = (date: Date): string => date.toISOString().slice(0, 10);
