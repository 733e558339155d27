/** Replies that begin with a number of three digits, as SMTP (RFC 5321 4.2), FTP (RFC 959 4.2) and NNTP have them. */
import { quote } from '../../core/text.ts';
import { type Clear, notThis } from '../clear.ts';

interface Reply {
  readonly code: string;
  /** Without the code; of one line mostly. */
  readonly lines: readonly string[];
}

/** Of several lines, the last one has a blank after the number; what stands before it, FTP does not say. */
async function readReply(clear: Clear, protocol: string): Promise<Reply> {
  const first = await clear.line();
  const code = /^\d{3}(?=[ -]|$)/.exec(first)?.[0];
  if (code === undefined) throw notThis(protocol);
  const isLast = (line: string) => line === code || line.startsWith(`${code} `);
  const lines = [first];
  for (let line = first; !isLast(line); lines.push(line)) line = await clear.line();
  return { code, lines: lines.map((line) => line.slice(4)) };
}

/** Says something, and gives the reply if it has this code. */
export async function say(clear: Clear, protocol: string, command: string, wanted: string): Promise<Reply> {
  clear.write(`${command}\r\n`);
  const reply = await readReply(clear, protocol);
  if (reply.code !== wanted) throw refused(command, `${reply.code} ${reply.lines[0]}`);
  return reply;
}

/** The greeting. */
export async function greeted(clear: Clear, protocol: string, wanted: RegExp): Promise<void> {
  const { code, lines } = await readReply(clear, protocol);
  if (!wanted.test(code)) throw new Error(`the server greeted with ${quote(`${code} ${lines[0]}`)}`);
}

/** Nobody has proven to be the server yet: what it says is quoted, cut short, and shown as what it is. */
export const refused = (command: string, answer: string): Error =>
  new Error(`the server answered ${command.split(' ')[0]} with ${quote(answer.trim())}`);
