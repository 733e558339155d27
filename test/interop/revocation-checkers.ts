/** Foreign programs that hold chains against revocation lists: what each is told, and in which words it refuses. */
import { readFile } from 'node:fs/promises';
import { createServer, connect as tlsConnect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { LineWorker } from '../support/line-worker.ts';
import { type Outcome, run } from '../support/peers.ts';

/** Files, PEM. */
export interface Question {
  readonly roots: string;
  /** Of all CAs in one file. */
  readonly lists: string;
  /** The leaf first, and what is between it and the root. */
  readonly chain: string;
  readonly key: string;
}

export interface Checker {
  readonly name: string;
  readonly programs: readonly string[];
  /** Empty when it accepts; else why it does not. */
  readonly check: (question: Question) => Promise<string>;
  readonly revoked: RegExp;
  /** Of a list that is past its next update; undefined for one that takes it. */
  readonly late: RegExp | undefined;
  /** When there is no list of the root; undefined for one that does without. */
  readonly missing: RegExp | undefined;
}

const refusal = ({ status, stdout, stderr }: Outcome) => (status === 0 ? '' : `${stdout}${stderr}`.trim());
const source = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));

const workers = {
  java: new LineWorker('java', [source('Revoked.java')]),
  go: new LineWorker('go', ['run', source('revoked.go')]),
  python: new LineWorker('python3', [source('revoked.py')]),
};

export function closeCheckers(): void {
  for (const worker of Object.values(workers)) worker.close();
}

const asking = (worker: LineWorker) => async (question: Question) => {
  const answer = await worker.ask(question.roots, question.lists, question.chain, question.key);
  return answer === 'accepted' ? '' : answer;
};

/** Node reads the first list of a text only: several are an array. */
const listsIn = (pem: string) => pem.match(/-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----\n/g) ?? [];

/** One handshake on loopback, with this client. */
async function served({ chain, key }: Question, visit: (port: number) => Promise<string>): Promise<string> {
  const server = createServer({ key: await readFile(key), cert: await readFile(chain) }, (socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    return await visit(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    server.close();
  }
}

export async function askNode(question: Question, asArray = true): Promise<string> {
  const [ca, lists] = [await readFile(question.roots), await readFile(question.lists, 'utf8')];
  const crl = asArray ? listsIn(lists) : lists;
  return served(
    question,
    (port) =>
      new Promise((resolve) => {
        const options = { host: '127.0.0.1', port, ca, crl, checkServerIdentity: () => undefined };
        const socket = tlsConnect(options, () => {
          socket.destroy();
          resolve('');
        });
        socket.on('error', (error) => resolve(error.message));
      }),
  );
}

export const CHECKERS: readonly Checker[] = [
  {
    name: 'OpenSSL, strict',
    programs: ['openssl'],
    check: async ({ roots, lists, chain }) => {
      const args = ['-x509_strict', '-crl_check_all', '-CAfile', roots, '-CRLfile', lists, '-untrusted', chain];
      return refusal(await run('openssl', ['verify', ...args, chain]));
    },
    revoked: /error 23 at 0 depth lookup: certificate revoked/,
    late: /error 12 at . depth lookup: CRL has expired/,
    missing: /error 3 at 1 depth lookup: unable to get certificate CRL/,
  },
  {
    name: 'GnuTLS',
    programs: ['certtool'],
    check: async ({ roots, lists, chain }) => {
      const args = ['--load-ca-certificate', roots, '--load-crl', lists, '--infile', chain];
      return refusal(await run('certtool', ['--verify', ...args]));
    },
    revoked: /Not verified.*revoked/,
    late: undefined,
    missing: undefined,
  },
  {
    name: 'Java PKIXRevocationChecker',
    programs: ['javac', 'java'],
    check: asking(workers.java),
    revoked: /REVOKED at 0/,
    late: /UNDETERMINED_REVOCATION_STATUS/,
    missing: /UNDETERMINED_REVOCATION_STATUS at 1/,
  },
  {
    name: 'Go crypto/x509',
    programs: ['go'],
    check: asking(workers.go),
    revoked: /was revoked, reason [16]/,
    late: /has expired/,
    missing: /no list of/,
  },
  {
    name: 'Python ssl with VERIFY_CRL_CHECK_CHAIN',
    programs: ['python3'],
    check: asking(workers.python),
    revoked: /certificate revoked/,
    late: /CRL has expired/,
    missing: /unable to get certificate CRL/,
  },
  {
    name: 'Node tls',
    programs: [],
    check: askNode,
    revoked: /certificate revoked/,
    late: /CRL has expired/,
    missing: /unable to get certificate CRL/,
  },
  {
    name: 'curl --crlfile',
    programs: ['curl'],
    check: (question) =>
      served(question, async (port) => {
        const to = ['--resolve', `x.test:${port}:127.0.0.1`, `https://x.test:${port}/`];
        const args = ['-sS', '--http1.0', '--cacert', question.roots, '--crlfile', question.lists];
        return refusal(await run('curl', [...args, ...to]));
      }),
    revoked: /certificate revoked/,
    late: /CRL has expired/,
    missing: /unable to get certificate CRL/,
  },
];
