/** What `probe` found, for people: a block for one server, a table for many. */

import { attempt } from '../../core/attempt.ts';
import { isOneOf } from '../../core/chain.ts';
import { describePublicKey } from '../../core/describe.ts';
import { subjectText } from '../../core/findings.ts';
import { alternativeNames } from '../../core/hostname.ts';
import { generalNameText } from '../../core/name-text.ts';
import type { Certificate } from '../../core/parse.ts';
import { signatureTitle } from '../../core/signature.ts';
import { visible } from '../../core/text.ts';
import { isoDay, isoTime } from '../../core/time.ts';
import { fitted } from '../fit-table.ts';
import { type Io, table } from '../io.ts';
import { timeLeft } from '../records.ts';
import { type Examined, isFailed, type Result } from './examine.ts';
import { chainOf } from './json.ts';
import type { Look } from './judge.ts';
import type { Remark } from './remarks.ts';
import { TRUST_TITLES } from './trust.ts';

// --- one ---------------------------------------------------------------------------------------------------------

export function blockOf(io: Io, result: Examined, now: Date): string {
  const { url, host, target, look, problems, notes } = result;
  const verdict = problems.length === 0 ? io.paint('green', 'ok') : io.paint('red', 'needs attention');
  const asked = host === target.host ? '' : `, as ${host}`;
  return [
    `${url}${asked}: ${verdict}`,
    ...linesOf(look, now).map(([title, text]) => `  ${title.padEnd(12)}${text}`),
    ...problems.flatMap((one) => remarkLines('problem', one)),
    ...notes.flatMap((one) => remarkLines('note', one)),
  ].join('\n');
}

const remarkLines = (weight: string, { code, message, hint }: Remark) => [
  `${weight} ${code}: ${message}`,
  ...(hint === null ? [] : [`  ${hint}`]),
];

const leafOf = ({ sent }: Look) => sent[0] as Certificate;

type Line = readonly [title: string, text: string];

function linesOf(look: Look, now: Date): Line[] {
  const { served, knowledge } = look;
  const leaf = leafOf(look);
  const names = attempt(() => alternativeNames(leaf).map(generalNameText)) ?? [];
  return [
    ['names', names.join(', ') || '(none)'],
    ['valid', `${isoTime(leaf.notBefore)} to ${isoTime(leaf.notAfter)}, ${lifeText(leaf, now)}`],
    ['key', `${describePublicKey(leaf.publicKey).keyType}, signed with ${signatureTitle(leaf)}`],
    ['TLS', [served.protocol, served.cipher, served.alpn ?? ''].filter(Boolean).join(', ')],
    ['began', served.way],
    ...clientLines(served),
    ...chainLines(look),
    ['leads to', trustText(look)],
    ...(knowledge === null ? [] : [['inventory', inventoryText(look)] satisfies Line]),
  ];
}

const lifeText = ({ notBefore, notAfter }: Certificate, now: Date) =>
  now < notBefore ? 'not yet valid' : timeLeft(notAfter, now);

/** What it says of itself: that one is needed is a note, and that it was refused a problem. */
function clientLines({ acceptedClientCertificate: accepted, ...served }: Look['served']): Line[] {
  if (accepted === true) return [['clients', 'asked for a certificate, and accepted this one']];
  return served.asksForClientCertificate === true ? [['clients', 'asked for a certificate']] : [];
}

/** The server's own first. */
const chainLines = (look: Look) =>
  chainOf(look).map((one, i) => {
    const place = isOneOf(one, look.chain.verification.chain) ? '' : ' (not needed)';
    const sent = isOneOf(one, look.sent) ? place : ' (not sent)';
    return [i === 0 ? 'chain' : '', `${i + 1}  ${subjectText(one)}${sent}`] as const;
  });

const trustText = ({ chain: { trust } }: Look) =>
  trust === null ? 'nothing that is trusted here' : TRUST_TITLES[trust];

function inventoryText({ knowledge }: Look): string {
  if (knowledge === null || (knowledge.record === null && knowledge.issuer === null)) return 'not of this home';
  const { record, newest, issuer } = knowledge;
  if (record === null) return `signed by ${issuer?.name}, not on record`;
  const isNewest = newest?.fingerprintSha256 === record.fingerprintSha256;
  return `${record.label}, serial ${record.serial}${isNewest ? ', the newest' : ', not the newest'}`;
}

// --- many --------------------------------------------------------------------------------------------------------

const HEADER = ['STATE', 'SERVER', 'ENDS', 'LEFT', 'TLS', 'LEADS TO', 'LABEL'];

/** A row for each, then what is wrong with which. */
export function tableOf(io: Io, results: readonly Result[], now: Date): string {
  const rows = results.map((result) => row(result, now));
  const [header = '', ...lines] = table(HEADER, fitted(HEADER, rows, io.dataColumns, ['LABEL', 'SERVER'])).split('\n');
  const painted = lines.map((line, i) => {
    const state = stateOf(results[i] as Result);
    return io.paint(COLOURS[state], state) + line.slice(state.length);
  });
  const below = results.flatMap(troubleOf);
  return [header, ...painted, ...(below.length === 0 ? [] : ['', ...below])].join('\n');
}

const COLOURS = { ok: 'green', attention: 'yellow', unreachable: 'red' } as const;

function stateOf(result: Result): keyof typeof COLOURS {
  if (isFailed(result)) return 'unreachable';
  return result.problems.length === 0 ? 'ok' : 'attention';
}

const nameOf = ({ url, host, target }: Result) => (host === target.host ? url : `${url} as ${host}`);

function row(result: Result, now: Date): string[] {
  const start = [stateOf(result), nameOf(result)];
  if (isFailed(result)) return [...start, '-', '-', '-', '-', '-'];
  const { look } = result;
  const leaf = leafOf(look);
  const { trust } = look.chain;
  return [
    ...start,
    isoDay(leaf.notAfter),
    lifeText(leaf, now).replace(/ left$/, ''),
    look.served.protocol,
    trust === null ? 'nothing' : TRUST_TITLES[trust],
    look.knowledge?.record?.label ?? '-',
  ];
}

function troubleOf(result: Result): string[] {
  if (isFailed(result)) return [`${nameOf(result)}: ${visible(result.error.message)}`, `  ${result.error.hint}`];
  return result.problems.flatMap((one) => {
    const [first = '', ...more] = remarkLines('', one);
    return [`${nameOf(result)}:${first}`, ...more];
  });
}
