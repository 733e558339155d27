/** Servers that only the tests of the probe need, each with few lines of configuration and a pair of files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from '../support/peers.ts';
import {
  groundFor,
  launch,
  onFreePorts,
  type Scope,
  serverFolder,
  untilListening,
} from '../support/servers/process.ts';
import { startStunnel, stunnelAccount } from '../support/servers/stunnel.ts';
import { Ground, HOST, type Pair } from './servers/ground.ts';

interface Program {
  readonly ports: number;
  /** In this folder, with these ports. */
  readonly lines: (folder: string, ports: readonly number[]) => readonly string[];
  /** With this file of configuration. */
  readonly argv: (config: string) => readonly string[];
  readonly ready: RegExp;
}

async function start(t: Scope, { ports: count, lines, argv, ready }: Program): Promise<readonly number[]> {
  const { folder, closing } = groundFor(t);
  const config = join(folder, 'config.cfg.lua');
  const { ports, server } = await onFreePorts(count, async (ports) => {
    writeFileSync(config, [...lines(folder, ports), ''].join('\n'));
    const launched = { argv: argv(config), account: undefined, cwd: folder, env: {}, ready, end: 'SIGTERM' } as const;
    return { ports, server: await launch(launched) };
  });
  closing(server.stop);
  return ports;
}

/** Root alone starts it. As another user it would outlive a test that dies (prctl(2)). */
export const startExim = (t: Scope, { certificate, key }: Pair): Promise<readonly number[]> =>
  start(t, {
    ports: 2,
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
      'exim_user = root',
      'exim_group = root',
      'keep_environment =',
    ],
    argv: (config) => [pathOf('exim4'), '-C', config, '-bdf', '-v'],
    ready: /daemon started/,
  });

export async function startVsftpd(t: Scope, { certificate, key }: Pair): Promise<number> {
  const [port = 0] = await start(t, {
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
    argv: (config) => ['/bin/sh', '-c', 'echo begins; exec "$@"', 'sh', pathOf('vsftpd'), config],
    ready: /begins/,
  });
  // It says nothing when it listens.
  await untilListening(port);
  return port;
}

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

/** TLS at once, or after what `protocol` says, in front of the server at `behind`. Its account reads the files. */
export async function startTunnel(t: Scope, { certificate, key }: Pair, behind: number, protocol?: string) {
  const files = [`cert = ${certificate}`, `key = ${key}`];
  const { port } = await startStunnel(t, {
    lines: (port) => [
      'foreground = yes',
      'pid =',
      '[tunnel]',
      `accept = 127.0.0.1:${port}`,
      `connect = 127.0.0.1:${behind}`,
      ...files,
      ...(protocol === undefined ? [] : [`protocol = ${protocol}`]),
    ],
  });
  return port;
}

/** Where the tunnel's account reads certificate and key. */
export const tunnelGround = (t: Scope): Promise<Ground> =>
  Ground.make(serverFolder(t, stunnelAccount()), stunnelAccount());
