/** RabbitMQ from Debian, with an epmd of its own and no plain listener; `guest` has the password `guest`. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, pathOf, run } from '../peers.ts';
import {
  type Account,
  accountFor,
  asAccount,
  type Environment,
  groundFor,
  type Lines,
  launch,
  linesFor,
  onFreePorts,
  type Scope,
  serverFolder,
} from './process.ts';

export interface RabbitmqOptions {
  /** Of rabbitmq.conf. */
  readonly lines: Lines;
  readonly plugins?: readonly string[];
  /** Users without a password, beside `guest`. */
  readonly users?: readonly string[];
}

export interface Rabbitmq {
  readonly port: number;
  readonly pid: number;
  readonly log: () => string;
  /** `rabbitmqctl` with these arguments. */
  readonly control: (...args: readonly string[]) => Promise<Outcome>;
  readonly stop: () => Promise<void>;
}

/** The user that runs RabbitMQ when the test runs as root. */
export const rabbitmqAccount = (): Account | undefined => accountFor('rabbitmq');

/** A folder for the server's certificate files, which its user can enter. */
export const rabbitmqFolder = (t: Scope): string => serverFolder(t, rabbitmqAccount());

/** Debian's programs on PATH become `rabbitmq` and write where it does; these are what they call. */
const PROGRAMS = '/usr/lib/rabbitmq/bin';
const NODE = 'rabbit@localhost';

/** Needs `rabbitmq-server`, `epmd` and `setpriv`. */
export async function startRabbitmq(t: Scope, options: RabbitmqOptions): Promise<Rabbitmq> {
  const account = rabbitmqAccount();
  const { folder, closing } = groundFor(t, account);
  const { lines, plugins = [], users = [] } = options;
  await writeFile(join(folder, 'definitions.json'), definitions(['guest', ...users]));
  await writeFile(join(folder, 'plugins'), `[${plugins.join(',')}].\n`);
  const { port, env, epmd, server } = await onFreePorts(3, async ([port = 0, epmdPort = 0, distribution = 0]) => {
    const text = [`load_definitions = ${join(folder, 'definitions.json')}`, ...(await linesFor(lines, port)), ''];
    await writeFile(join(folder, 'rabbitmq.conf'), text.join('\n'));
    const env = environment(folder, epmdPort, distribution);
    const common = { account, cwd: folder, env, end: 'SIGTERM' } as const;
    const epmd = await launch({ ...common, argv: [pathOf('epmd'), '-d'], ready: /epmd running/ });
    try {
      const server = await launch({ ...common, argv: [join(PROGRAMS, 'rabbitmq-server')], ready: READY });
      return { port, env, epmd, server };
    } catch (error) {
      await epmd.stop();
      throw error;
    }
  });
  closing(epmd.stop);
  closing(server.stop);
  const control = (...args: readonly string[]) => {
    const [program = '', ...rest] = [...asAccount(account), join(PROGRAMS, 'rabbitmqctl'), ...args];
    return run(program, rest, { cwd: folder, env });
  };
  return { port, ...server, control };
}

const READY = /Server startup complete/;

function environment(folder: string, epmdPort: number, distribution: number): Environment {
  const of = (name: string) => join(folder, name);
  return {
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: NODE,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: of('rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: of('plugins'),
    RABBITMQ_MNESIA_BASE: of('mnesia'),
    RABBITMQ_LOG_BASE: of('log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: of('pid'),
    // The shell becomes the server instead of waiting for it, and still it reads no input.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_START_ARGS: '-noinput -kernel inet_dist_use_interface {127,0,0,1}',
  };
}

/** The hash of a password is that of salt and password, behind the salt. */
function definitions(users: readonly string[]): string {
  const salt = Buffer.from('salt');
  const hash = createHash('sha256').update(salt).update('guest').digest();
  const password = Buffer.concat([salt, hash]).toString('base64');
  return JSON.stringify({
    users: users.map((name) => ({
      name,
      password_hash: name === 'guest' ? password : '',
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    vhosts: [{ name: '/' }],
    permissions: users.map((user) => ({ user, vhost: '/', configure: '.*', write: '.*', read: '.*' })),
  });
}
