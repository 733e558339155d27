/** What is wrong with what a server serves, and what is worth knowing of it. */
import type { Chain } from '../../core/chain.ts';
import { isDue, type Within } from '../../core/duration.ts';
import { type Finding, issuerText, subjectText } from '../../core/findings.ts';
import { type Certificate, isSelfIssued } from '../../core/parse.ts';
import { isoTime } from '../../core/time.ts';
import type { Served } from '../../probe/look.ts';
import { timeLeft } from '../records.ts';
import type { Knowledge } from './knowledge.ts';
import { recordRemarks, renewal } from './on-record.ts';
import { chainCode, type Remark, remark } from './remarks.ts';
import type { ServedChain } from './trust.ts';

/** One look at one server. */
export interface Look {
  readonly served: Served;
  readonly sent: readonly Certificate[];
  readonly chain: ServedChain;
  /** Null without a home. */
  readonly knowledge: Knowledge | null;
}

export interface Rule {
  readonly now: Date;
  readonly within: Within | undefined;
}

export const remarksOf = (look: Look, rule: Rule): Remark[] => [
  ...chainRemarks(look),
  ...missing(look),
  ...dueSoon(look, rule),
  ...protocol(look),
  ...client(look),
  ...needlessRoot(look),
  ...(look.knowledge === null ? [] : recordRemarks(look.knowledge, rule.now)),
];

function chainRemarks({ chain: { verification }, sent, knowledge }: Look): Remark[] {
  const leaf = subjectText(sent[0] as Certificate);
  return verification.findings.flatMap((finding) => {
    const code = chainCode(finding.code);
    if (code === 'untrusted') return [untrusted(verification.chain)];
    const hint = code === 'expired' && finding.certificate === leaf ? renewalOf(knowledge) : undefined;
    return code === undefined ? [] : [remark(code, placed(finding, leaf), hint)];
  });
}

const renewalOf = (knowledge: Knowledge | null) => (knowledge === null ? undefined : renewal(knowledge));

function untrusted(chain: Chain): Remark {
  const top = chain.at(-1) as Certificate;
  if (!isSelfIssued(top)) return remark('untrusted', `its chain ends at ${issuerText(top)}, which is not known here`);
  if (chain.length > 1) return remark('untrusted', `its chain ends in ${subjectText(top)}, which is not trusted here`);
  const hint = 'Have a CA sign it that clients trust: local-ca issue does. Or give it with --ca FILE, as it is.';
  return remark('untrusted', 'it is its own issuer, and not trusted here', hint);
}

/** Which certificate it is about goes without saying of the server's own. */
const placed = ({ message, certificate }: Finding, leaf: string) =>
  certificate === leaf ? message : `${certificate}: ${message}`;

function missing({ chain }: Look): Remark[] {
  if (chain.missing.length === 0) return [];
  const names = chain.missing.map(subjectText).join(' and ');
  return [remark('chain-incomplete', `the server does not send ${names}, which stands between it and the root`)];
}

function dueSoon({ sent, knowledge }: Look, { now, within }: Rule): Remark[] {
  const [leaf] = sent as readonly [Certificate];
  if (leaf.notAfter <= now || !isDue(leaf, within, now)) return [];
  const message = `it ends on ${isoTime(leaf.notAfter)}: ${timeLeft(leaf.notAfter, now)}`;
  return [remark('due', message, renewalOf(knowledge))];
}

const OLD_PROTOCOLS: readonly string[] = ['SSLv3', 'TLSv1', 'TLSv1.1'];

function protocol({ served }: Look): Remark[] {
  if (!OLD_PROTOCOLS.includes(served.protocol)) return [];
  return [remark('old-protocol', `it speaks nothing newer than ${served.protocol}, which clients refuse`)];
}

const client = ({ served }: Look): Remark[] => [...clientAnswer(served), ...unproven(served)];

/** Nothing shows that it is the server, and not somebody who recorded what the server sent. */
const unproven = (served: Served): Remark[] => (served.keyUnproven ? [remark('key-unproven')] : []);

function clientAnswer(served: Served): Remark[] {
  const why = served.alert === undefined ? '' : ` (${served.alert})`;
  if (served.acceptedClientCertificate === false)
    return [remark('client-refused', `it did not accept the client certificate${why}`)];
  if (served.requiresClientCertificate !== true) return [];
  return [remark('client-certificate', `it lets in no client without a certificate${why}`)];
}

/** A certificate that is its own issuer, and alone, is no root. */
function needlessRoot({ sent }: Look): Remark[] {
  const root = sent.slice(1).find(isSelfIssued);
  return root === undefined ? [] : [remark('root-sent', `the server also sends the root, ${subjectText(root)}`)];
}
