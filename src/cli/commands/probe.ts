import { parseWithin, type Within } from '../../core/duration.ts';
import { quote, visible } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context } from '../command.ts';
import { type Examined, examineAll, type Failed, isFailed, type Means, type Result } from '../probing/examine.ts';
import { IDENTITY_FLAGS, identityFrom } from '../probing/identity.ts';
import { resultJson, summaryOf } from '../probing/json.ts';
import { homeCertificates, type Inventory, inventoryOf, withHomeIfAny } from '../probing/knowledge.ts';
import { type Question, questionsFrom } from '../probing/questions.ts';
import { blockOf, tableOf } from '../probing/show.ts';
import { type Anchors, publicRoots, splitRoots } from '../probing/trust.ts';
import { progressBar } from '../progress.ts';
import { prose } from '../prose.ts';
import { certificatesToTrust } from '../roots.ts';

export const probe: Command = {
  name: 'probe',
  args: '[urls...]',
  summary: 'Look at live servers: what they serve, what is wrong with it, and whether it is the newest',
  flags: [
    { flags: '--ca <file>', about: "more roots to trust, beside this home's and the public ones" },
    { flags: '--host <name>', about: "the name to ask for and to check (default: the URL's)" },
    ...IDENTITY_FLAGS,
    { flags: '--from <file>', about: 'look at every URL in a list; - is standard input' },
    {
      flags: '--within <time>',
      about: 'due is what ends within 30d, or when 75% of its life is over (default: 30d, or a third of its life)',
      parse: parseWithin,
    },
    { flags: '--timeout <seconds>', about: 'how long each server may take (default: 10)', parse: seconds },
  ],
  examples: [
    ['local-ca probe https://db1.example.test', 'the chain, the time left, and what is wrong'],
    ['local-ca probe postgres://10.0.0.5 --host db1.example.test', 'by its address, for the name that clients use'],
    ['local-ca probe --from servers.txt --json', 'many, for monitoring: 8 at a time'],
    ['local-ca probe https://db1.example.test --cert me.crt.pem --key me.key.pem', 'with a client certificate'],
  ],
  exits: [[3, 'something needs attention; but 1 when a server could not be looked at, whatever the others serve']],
  run: async (context, urls, flags) => {
    const questions = await questionsFrom(urls, flags);
    const identity = await identityFrom(flags);
    const given = flags.ca === undefined ? [] : await certificatesToTrust(flags.ca as string);
    return withHomeIfAny(context, flags, async (session) => {
      const inventory = session && (await inventoryOf(session));
      const results = await examineWithBar(context, questions, {
        anchors: anchorsOf(inventory, splitRoots(given)),
        inventory,
        identity,
        timeoutMs: ((flags.timeout as number | undefined) ?? 10) * 1000,
        ambient: context.ambient,
        now: context.ambient.now(),
        within: flags.within as Within | undefined,
      });
      const [only] = results;
      if (only !== undefined && results.length === 1 && flags.from === undefined) tellOne(context, only);
      else tellMany(context, results);
      return exitCodeOf(results);
    });
  },
};

function examineWithBar({ io }: Context, questions: readonly Question[], means: Means): Promise<Result[]> {
  const bar = progressBar(io, questions.length, 'servers');
  return examineAll(questions, means, bar.update).finally(bar.stop);
}

function seconds(text: string): number {
  if (/^[0-9]{1,4}$/.test(text) && Number(text) > 0 && Number(text) <= 3600) return Number(text);
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `--timeout cannot be ${quote(text)}`,
    'Give a number of seconds from 1 to 3600.',
  );
}

function anchorsOf(inventory: Inventory | undefined, given: ReturnType<typeof splitRoots>): Anchors {
  const { own, accepted, between } = inventory === undefined ? NOTHING : homeCertificates(inventory);
  return {
    roots: { own, file: given.roots, public: publicRoots(), accepted },
    between: [...given.between, ...between],
  };
}

const NOTHING = { own: [], accepted: [], between: [] };

function exitCodeOf(results: readonly Result[]): number {
  if (results.some(isFailed)) return 1;
  return results.some((one) => (one as Examined).problems.length > 0) ? 3 : 0;
}

function tellOne(context: Context, result: Result): void {
  const { io } = context;
  const now = context.ambient.now();
  if (isFailed(result)) tellFailure(context, result);
  else io.result(resultJson(result, now), prose(blockOf(io, result, now), io.dataColumns));
}

/** As every error is told; what it is about goes with it. */
function tellFailure({ io, ambient }: Context, failed: Failed): void {
  if (io.options.json) io.result(resultJson(failed, ambient.now()), '');
  io.error(`local-ca: ${visible(failed.error.message)}\n${failed.error.hint}`);
}

function tellMany({ io, ambient }: Context, results: readonly Result[]): void {
  const now = ambient.now();
  const summary = summaryOf(results);
  io.result({ results: results.map((one) => resultJson(one, now)), summary }, tableOf(io, results, now));
  const { total, healthy, attention, unreachable } = summary;
  const servers = total === 1 ? '1 server' : `${total} servers`;
  io.say(`${servers}: ${healthy} healthy, ${attention} in need of attention, ${unreachable} unreachable`);
}
