/** STLS in POP3 (RFC 2595 4). */
import { quote } from '../../core/text.ts';
import { type Clear, notThis } from '../clear.ts';
import { refused } from './replies.ts';

export async function beginPop3(clear: Clear): Promise<void> {
  const greeting = await answerOf(clear);
  if (!isOk(greeting)) throw new Error(`the server greeted with ${quote(greeting)}`);
  clear.write('STLS\r\n');
  const answer = await answerOf(clear);
  if (!isOk(answer)) throw refused('STLS', answer);
}

async function answerOf(clear: Clear): Promise<string> {
  const line = await clear.line();
  if (!/^(\+OK|-ERR)\b/i.test(line)) throw notThis('POP3');
  return line;
}

const isOk = (line: string) => line.startsWith('+');
