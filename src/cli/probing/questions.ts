/** Which servers to look at, from the command line or from a list. */
import { parseHost } from '../../core/hostname.ts';
import { quote } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import { parseTarget, type Target, urlOf } from '../../probe/target.ts';
import type { Flags } from '../command.ts';
import { readInput } from '../read-file.ts';

export interface Question {
  /** With the port, and without what else a URL may have: a password, for one. */
  readonly url: string;
  readonly target: Target;
  /** The name to ask for, and that the certificate has to have. */
  readonly host: string;
}

/** Throws LOCAL_CA_USAGE when there is none, and for one that cannot be looked at what is wrong with it. */
export async function questionsFrom(urls: readonly string[], flags: Flags): Promise<Question[]> {
  const { host, from } = flags as { readonly host?: string; readonly from?: string };
  const listed = from === undefined ? [] : questionsIn(new TextDecoder().decode(await readInput(from)), from, host);
  const all = [...urls.map((url) => question(url, host)), ...listed];
  if (all.length > 0) return all;
  throw new LocalCaError(
    'LOCAL_CA_USAGE',
    'no server to look at was named',
    'Give a URL like https://db1.example.test, or a list of them with --from FILE.',
  );
}

function question(url: string, host: string | undefined): Question {
  const target = parseTarget(url);
  return { url: urlOf(target), target, host: parseHost(host ?? target.host).text };
}

/** One to a line, then perhaps the name to check there; `#` begins a comment. */
function questionsIn(text: string, file: string, host: string | undefined): Question[] {
  const lines = text.split('\n').map((line) => line.replace(/(^|\s)#.*/, '').trim());
  const questions = lines.flatMap((line, i) => (line === '' ? [] : [questionIn(line, `${file}, line ${i + 1}`, host)]));
  if (questions.length > 0) return questions;
  throw new LocalCaError('LOCAL_CA_LIST_INVALID', `${file} names no server`, FORM);
}

function questionIn(line: string, place: string, host: string | undefined): Question {
  const [url = '', name, ...more] = line.split(/\s+/);
  if (more.length > 0)
    throw new LocalCaError(
      'LOCAL_CA_LIST_INVALID',
      `${place}: more than a URL and a name: ${quote(more.join(' '))}`,
      FORM,
    );
  try {
    return question(url, name ?? host);
  } catch (error) {
    if (!(error instanceof LocalCaError)) throw error;
    throw new LocalCaError('LOCAL_CA_LIST_INVALID', `${place}: ${error.message}`, error.hint, { cause: error });
  }
}

const FORM =
  'Write one URL to a line, like tls://db1.example.test:1433, and after it the name to check if that is another.';
