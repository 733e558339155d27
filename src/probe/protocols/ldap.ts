/** LDAP's StartTLS (RFC 4511 4.14): an extended request, and its response. */
import { type Clear, notThis } from '../clear.ts';

/** LDAPMessage 1, ExtendedRequest, requestName. */
const START_TLS = Buffer.concat([
  Uint8Array.of(0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16),
  Buffer.from('1.3.6.1.4.1.1466.20037'),
]);

const TAG = { integer: 0x02, enumerated: 0x0a, sequence: 0x30, extendedResponse: 0x78 } as const;

/** resultCode (RFC 4511 4.1.9), as servers answer that cannot, or not now (4.14.2). */
const RESULTS: Readonly<Record<number, string>> = {
  1: 'operationsError: TLS is on already',
  2: 'protocolError: it does not know StartTLS, or has no certificate',
  8: 'strongerAuthRequired',
  10: 'referral: another server has it',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable: it has no certificate, or is shutting down',
  53: 'unwillingToPerform',
};

export async function beginLdap(clear: Clear): Promise<void> {
  clear.write(START_TLS);
  const [id, response] = elements(await readMessage(clear));
  if (id?.tag !== TAG.integer || response?.tag !== TAG.extendedResponse) throw notThis('LDAP');
  const [result] = elements(response.content);
  if (result?.tag !== TAG.enumerated || result.content.length !== 1) throw notThis('LDAP');
  const code = result.content[0] as number;
  if (code !== 0) throw new Error(`the server refused StartTLS: ${RESULTS[code] ?? `result ${code}`}`);
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** BER, not DER: Active Directory writes each length in four bytes (RFC 4511 5.1). */
async function readMessage(clear: Clear): Promise<Buffer> {
  const [tag, first = 0] = await clear.bytes(2);
  const more = lengthOctets(first);
  if (tag !== TAG.sequence || more > 4) throw notThis('LDAP');
  const length = more === 0 ? first : (await clear.bytes(more)).readUIntBE(0, more);
  return clear.bytes(length);
}

const lengthOctets = (first: number) => (first < 0x80 ? 0 : first & 0x7f);

function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const first = bytes[at + 1] as number;
    const more = lengthOctets(first);
    const from = at + 2 + more;
    if (more > 4 || from > bytes.length) throw notThis('LDAP');
    const end = from + (more === 0 ? first : bytes.readUIntBE(at + 2, more));
    found.push({ tag: bytes[at] as number, content: bytes.subarray(from, end) });
    at = end;
  }
  return found;
}
