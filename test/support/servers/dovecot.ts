/** Dovecot from Debian: IMAP and POP3, with TLS after STARTTLS and at once. Everybody's password is `secret`. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import {
  accountFor,
  type Environment,
  groundFor,
  type Lines,
  launch,
  linesFor,
  onFreePorts,
  type Scope,
} from './process.ts';

export interface DovecotOptions {
  /** Of dovecot.conf: `ssl_cert = </...`. The port that they may ask for is that of IMAP with TLS at once. */
  readonly lines: Lines;
  readonly env?: Environment;
}

interface Ports {
  readonly imap: number;
  readonly imaps: number;
  readonly pop3: number;
  readonly pop3s: number;
}

export interface Dovecot {
  readonly ports: Ports;
  readonly pid: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Needs `dovecot` and `setpriv`. */
export async function startDovecot(t: Scope, { lines, env = {} }: DovecotOptions): Promise<Dovecot> {
  const { folder, closing } = groundFor(t);
  mailHome(folder);
  const config = join(folder, 'dovecot.conf');
  const { ports, server } = await onFreePorts(4, async ([imap = 0, imaps = 0, pop3 = 0, pop3s = 0]) => {
    const ports: Ports = { imap, imaps, pop3, pop3s };
    await writeFile(config, [...settings(folder, ports), ...(await linesFor(lines, imaps)), ''].join('\n'));
    const argv = [pathOf('dovecot'), '-F', '-c', config];
    return {
      ports,
      server: await launch({ argv, account: undefined, cwd: folder, env, ready: READY, end: 'SIGTERM' }),
    };
  });
  closing(server.stop);
  return { ports, ...server };
}

const READY = /starting up for/;

/** Root's Dovecot serves each user as `nobody`, who must come to the mail below the folder. */
function mailHome(folder: string): void {
  const account = accountFor('nobody');
  mkdirSync(join(folder, 'home'));
  if (account === undefined) return;
  chmodSync(folder, 0o711);
  chownSync(join(folder, 'home'), account.uid, account.gid);
}

/** Its processes that face the network are other users' only where root can make them so. */
function settings(folder: string, ports: Ports): string[] {
  const { uid, gid, username } = userInfo();
  const mailbox = uid === 0 ? 'uid=nobody gid=nogroup' : `uid=${uid} gid=${gid}`;
  const listener = (protocol: 'imap' | 'pop3') => [
    `service ${protocol}-login {`,
    `inet_listener ${protocol} {\nport = ${ports[protocol]}\n}`,
    `inet_listener ${protocol}s {\nport = ${ports[`${protocol}s`]}\nssl = yes\n}`,
    '}',
  ];
  return [
    `base_dir = ${join(folder, 'run')}`,
    `state_dir = ${join(folder, 'state')}`,
    'log_path = /dev/stderr',
    'listen = 127.0.0.1',
    'protocols = imap pop3',
    ...(uid === 0 ? [] : [`default_internal_user = ${username}`, `default_login_user = ${username}`]),
    ...listener('imap'),
    ...listener('pop3'),
    'passdb {\ndriver = static\nargs = password=secret\n}',
    'mail_location = maildir:~/mail',
    `userdb {\ndriver = static\nargs = ${mailbox} home=${join(folder, 'home')}\n}`,
  ];
}
