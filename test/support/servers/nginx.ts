/** nginx from Debian, with its configuration, process file and logs in a folder of its own. */
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import { type Environment, groundFor, type Lines, linesFor, type Scope, startConfigured } from './process.ts';

export interface NginxOptions {
  /** Files: the leaf and what is above it, its key, and for client certificates their CAs and revocation lists. */
  readonly certificate: string;
  readonly key: string;
  readonly clientCa?: string;
  readonly crl?: string;
  /** More lines for the server block. */
  readonly extra?: readonly string[];
  readonly env?: Environment;
}

export interface NginxLines {
  /** Server blocks. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Nginx {
  readonly port: number;
  readonly pid: number;
  /** The configuration file. */
  readonly config: string;
  /** Program and arguments that make it read its files again; `nginx -t` refuses bad ones. */
  readonly reload: readonly string[];
  readonly test: readonly string[];
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Answers every request with "served". */
export const startNginx = (t: Scope, { env = {}, ...options }: NginxOptions): Promise<Nginx> =>
  startNginxWith(t, { lines: (port) => serverBlock(port, options), env });

/** For the http block, which is otherwise empty. Needs `nginx` and `setpriv`. */
export async function startNginxWith(t: Scope, { lines, env = {} }: NginxLines): Promise<Nginx> {
  const ground = groundFor(t);
  const config = join(ground.folder, 'nginx.conf');
  const nginx = [pathOf('nginx'), '-p', ground.folder, '-c', config, '-e', 'stderr'];
  const server = await startConfigured(ground, {
    name: 'nginx.conf',
    text: async (port) => configuration(await linesFor(lines, port)),
    argv: () => [...nginx, '-g', 'daemon off;'],
    env,
    ready: /start worker process/,
  });
  return { ...server, config, reload: [...nginx, '-s', 'reload'], test: [...nginx, '-t'] };
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

const configuration = (lines: readonly string[]): string[] => [
  'pid nginx.pid;',
  'error_log stderr notice;',
  'worker_processes 1;',
  'events { worker_connections 64; }',
  'http {',
  'access_log off;',
  ...TEMPORARY.map((name) => `${name}_temp_path ${name};`),
  ...lines,
  '}',
];

/** Paths are quoted: a folder's name may hold a blank. */
function serverBlock(port: number, { certificate, key, clientCa, crl, extra = [] }: NginxOptions): string[] {
  const clients = clientCa === undefined ? [] : [`ssl_client_certificate "${clientCa}";`, 'ssl_verify_client on;'];
  return [
    'server {',
    `listen 127.0.0.1:${port} ssl;`,
    `ssl_certificate "${certificate}";`,
    `ssl_certificate_key "${key}";`,
    ...clients,
    ...(crl === undefined ? [] : [`ssl_crl "${crl}";`]),
    ...extra,
    'location / { return 200 "served\\n"; }',
    '}',
  ];
}
