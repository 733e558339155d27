/** OpenLDAP's server from Debian, with one empty database that its administrator can fill, and its live configuration. */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import {
  type Environment,
  groundFor,
  type Lines,
  launch,
  linesFor,
  onFreePorts,
  type Scope,
  untilListening,
} from './process.ts';

export interface SlapdOptions {
  /** Of slapd.conf's global part: `TLSCertificateFile ...`. The port that they may ask for is that of ldap://. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Slapd {
  /** Of ldap:// with StartTLS, and of ldaps://. */
  readonly port: number;
  readonly tlsPort: number;
  readonly pid: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

export const SLAPD = {
  suffix: 'dc=example,dc=test',
  admin: 'cn=admin,dc=example,dc=test',
  /** The administrator of the configuration, with the same password. */
  config: 'cn=config',
  password: 'administrator',
} as const;

/** Needs `slapd` and `setpriv`. */
export async function startSlapd(t: Scope, { lines, env = {} }: SlapdOptions): Promise<Slapd> {
  const { folder, closing } = groundFor(t);
  mkdirSync(join(folder, 'data'));
  const config = join(folder, 'slapd.conf');
  const { ports, server } = await onFreePorts(2, async (ports) => {
    const [port = 0, tlsPort = 0] = ports;
    await writeFile(config, configuration(folder, await linesFor(lines, port)));
    const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`;
    const argv = [pathOf('slapd'), '-f', config, '-h', urls, '-d', 'none'];
    const server = await launch({ argv, account: undefined, cwd: folder, env, ready: READY, end: 'SIGTERM' });
    return { ports: { port, tlsPort }, server };
  });
  closing(server.stop);
  // It says that it starts before it listens.
  await untilListening(ports.port, ports.tlsPort);
  return { ...ports, ...server };
}

const READY = /slapd starting/;

const configuration = (folder: string, lines: readonly string[]): string =>
  [
    'include /etc/ldap/schema/core.schema',
    'include /etc/ldap/schema/cosine.schema',
    'include /etc/ldap/schema/inetorgperson.schema',
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    `pidfile "${join(folder, 'pid')}"`,
    ...lines,
    'database config',
    `rootpw ${SLAPD.password}`,
    'database mdb',
    `suffix "${SLAPD.suffix}"`,
    `rootdn "${SLAPD.admin}"`,
    `rootpw ${SLAPD.password}`,
    `directory "${join(folder, 'data')}"`,
    '',
  ].join('\n');
