/** Servers that only the tests of the probe need, each with few lines of configuration and a pair of files. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from '../support/peers.ts';
import {
  type Account,
  accountFolder,
  accountFor,
  lastFirst,
  launch,
  onFreePorts,
  type Scope,
} from '../support/servers/process.ts';
import { HOST, type Pair } from './servers/ground.ts';

interface Program {
  readonly ports: number;
  readonly account?: Account | undefined;
  /** In this folder, with these ports. */
  readonly lines: (folder: string, ports: readonly number[]) => readonly string[];
  /** With this file of configuration. */
  readonly argv: (config: string) => readonly string[];
  readonly ready: RegExp;
}

async function start(t: Scope, { ports: count, account, lines, argv, ready }: Program): Promise<readonly number[]> {
  const { folder, remove } = accountFolder(account);
  const closing = lastFirst(t);
  closing(remove);
  const config = join(folder, 'config');
  const { ports, server } = await onFreePorts(count, async (ports) => {
    writeFileSync(config, [...lines(folder, ports), ''].join('\n'));
    const launched = { argv: argv(config), account, cwd: folder, env: {}, ready, end: 'SIGTERM' } as const;
    return { ports, server: await launch(launched) };
  });
  closing(server.stop);
  return ports;
}

/** Who runs Exim where root would; the files have to be theirs. */
export const eximAccount = (): Account | undefined => accountFor('mail');

export const startExim = (t: Scope, { certificate, key }: Pair): Promise<readonly number[]> =>
  start(t, {
    ports: 2,
    account: eximAccount(),
    lines: (folder, [port, tlsPort]) => [
      `log_file_path = ${folder}/%slog`,
      `spool_directory = ${folder}/spool`,
      `pid_file_path = ${folder}/pid`,
      'local_interfaces = 127.0.0.1',
      `daemon_smtp_ports = ${port} : ${tlsPort}`,
      `tls_on_connect_ports = ${tlsPort}`,
      `primary_hostname = ${HOST}`,
      'tls_advertise_hosts = *',
      `tls_certificate = ${certificate}`,
      `tls_privatekey = ${key}`,
      'keep_environment =',
    ],
    argv: (config) => [pathOf('exim4'), '-C', config, '-bdf', '-v'],
    ready: /daemon started/,
  });

export const startVsftpd = (t: Scope, { certificate, key }: Pair): Promise<readonly number[]> =>
  start(t, {
    ports: 1,
    lines: (folder, [port]) => [
      'listen=YES',
      'listen_address=127.0.0.1',
      `listen_port=${port}`,
      'background=NO',
      'ssl_enable=YES',
      `rsa_cert_file=${certificate}`,
      `rsa_private_key_file=${key}`,
      `secure_chroot_dir=${folder}`,
      'seccomp_sandbox=NO',
    ],
    // It writes nothing when it listens.
    argv: (config) => ['/bin/sh', '-c', 'echo begins; exec "$@"', 'sh', pathOf('vsftpd'), config],
    ready: /begins/,
  });

export const startProsody = (t: Scope, { certificate, key }: Pair): Promise<readonly number[]> =>
  start(t, {
    ports: 3,
    lines: (folder, [clients, servers, direct]) => [
      'run_as_root = true',
      `pidfile = "${folder}/pid"`,
      `data_path = "${folder}/data"`,
      'interfaces = { "127.0.0.1" }',
      `c2s_ports = { ${clients} }`,
      `s2s_ports = { ${servers} }`,
      `c2s_direct_tls_ports = { ${direct} }`,
      'modules_enabled = { "tls", "saslauth", "s2s" }',
      'modules_disabled = { "posix" }',
      'log = { info = "*console" }',
      `ssl = { certificate = "${certificate}", key = "${key}" }`,
      `c2s_direct_tls_ssl = { certificate = "${certificate}", key = "${key}" }`,
      `VirtualHost "${HOST}"`,
    ],
    argv: (config) => [pathOf('prosody'), '--config', config, '-F'],
    ready: /Activated service 'legacy_ssl'/,
  });

/** TLS at once on the first port; on the second what `protocol` says, in front of the server at `behind`. */
export function startStunnel(t: Scope, { certificate, key }: Pair, protocol: string, behind: number) {
  return start(t, {
    ports: 2,
    lines: (_, [direct, upgraded]) => [
      'foreground = yes',
      'pid =',
      ...[
        ['direct', direct],
        ['upgraded', upgraded],
      ].flatMap(([name, port]) => [
        `[${name}]`,
        `accept = 127.0.0.1:${port}`,
        `connect = 127.0.0.1:${behind}`,
        `cert = ${certificate}`,
        `key = ${key}`,
        ...(name === 'upgraded' ? [`protocol = ${protocol}`] : []),
      ]),
    ],
    argv: (config) => [pathOf('stunnel4'), config],
    ready: /Configuration successful/,
  });
}

/** A folder that the server's own account can pass through. */
export function passable(folder: string): string {
  chmodSync(folder, 0o755);
  return folder;
}
