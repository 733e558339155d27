/**
 * The structures of PKCS#7 (RFC 5652) and PKCS#12 (RFC 7292), through pkijs. This is the only file that imports it and
 * asn1js: bytes and plain records go in and out. Certificates, keys and algorithm parameters pass through as they
 * stand, since decoding and encoding them again could change their bytes. pkijs's cryptography is not used: it has no
 * 3DES, and draws its own salts.
 */
import { Constructed, compareSchema, fromBER, OctetString, Primitive } from 'asn1js';
import {
  AlgorithmIdentifier,
  Attribute,
  AuthenticatedSafe,
  CertBag,
  ContentInfo,
  DigestInfo,
  EncapsulatedContentInfo,
  EncryptedContentInfo,
  EncryptedData,
  MacData,
  PFX,
  PKCS8ShroudedKeyBag,
  SafeBag,
  SafeContents,
  SignedData,
  id_CertBag_X509Certificate as X509_CERTIFICATE,
} from 'pkijs';
import { compareBytes, readElement, readWhole } from '../core/der.ts';
import type { Encrypted } from '../core/pbes2.ts';
import { LocalCaError } from '../errors.ts';
import type { Bag, BagAttribute, BagValue, CertificateSet, Mac, Pfx, Safe, WritableBag } from './pki-records.ts';

type Block = Parameters<typeof compareSchema>[0];
type Schema = Parameters<typeof compareSchema>[2];

// --- blocks ------------------------------------------------------------------------------------------------------

/** asn1js stops at 10 000 nodes by default; a file with two hundred certificates has more. */
const LIMITS = { maxNodes: 400_000, maxDepth: 60, parseEmbedded: false };

/** BER, indefinite lengths too: that is how Windows, NSS and old OpenSSL write these files. */
function parse(bytes: Uint8Array): Block {
  const { offset, result } = fromBER(bytes, LIMITS);
  if (offset === -1) throw new Error(result.error);
  return result;
}

/** The named parts of a block, by a schema of pkijs. */
function match(block: Block, schema: Schema): Record<string, Block | Block[] | undefined> {
  const outcome = compareSchema(block, block, schema);
  if (!outcome.verified) throw new Error('the structure does not match');
  return outcome.result;
}

const one = (part: Block | Block[] | undefined): Block => {
  if (part === undefined || Array.isArray(part)) throw new Error('a part is missing');
  return part;
};
const many = (part: Block | Block[] | undefined): Block[] => (Array.isArray(part) ? part : []);

const oidText = (block: Block): string => block.valueBlock.toString();
const view = (block: Block): Uint8Array => block.valueBeforeDecodeView;
const encode = (node: { toSchema(): Block }): Uint8Array => new Uint8Array(node.toSchema().toBER());

/** The bytes of an OCTET STRING, put together where BER has it in pieces. */
function octets(block: Block): Uint8Array {
  if (!(block instanceof OctetString)) throw new Error('not an OCTET STRING');
  return new Uint8Array(block.getValue());
}

/** DER as it stands, as a leaf of asn1js's tree. */
function raw(der: Uint8Array): Primitive {
  const { tag, contents } = readElement(der);
  const block = new Primitive({ idBlock: { tagClass: (tag >> 6) + 1, tagNumber: tag & 0x1f }, valueHex: contents });
  block.idBlock.isConstructed = (tag & 0x20) !== 0;
  return block;
}

const octetBlock = (bytes: Uint8Array) => new OctetString({ valueHex: bytes });
const algorithmOf = (der: Uint8Array) => new AlgorithmIdentifier({ schema: parse(der) });

const unsupported = (what: string, hint = 'Export it again, protected by a password.') =>
  new LocalCaError('LOCAL_CA_KEYSTORE_INVALID', `the file is ${what}, which is not supported`, hint);

// --- PKCS#7 ------------------------------------------------------------------------------------------------------

/** SignedData without content or signers (RFC 2315 9.1): a bag for certificates, kept in the order given. */
export function encodeSignedData(certificates: readonly Uint8Array[]): Uint8Array {
  const signed = new SignedData({
    version: 1,
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: ContentInfo.DATA }),
  }).toSchema();
  const value = certificates.map((certificate) => raw(readWhole(certificate).bytes));
  signed.valueBlock.value.splice(3, 0, new Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value }));
  return encode(new ContentInfo({ contentType: ContentInfo.SIGNED_DATA, content: signed }));
}

const SIGNED_DATA = SignedData.schema({ names: { certificates: 'certificateSet', crls: { names: { crls: 'crls' } } } });

export function decodeSignedData(bytes: Uint8Array): CertificateSet {
  const info = new ContentInfo({ schema: parse(bytes) });
  if (info.contentType !== ContentInfo.SIGNED_DATA) {
    throw unsupported(`PKCS#7 of type ${info.contentType}`, 'Only signed data holds certificates: give the .p7b file.');
  }
  const { certificateSet, crls } = match(info.content, SIGNED_DATA);
  return { certificates: sequencesIn(certificateSet), crls: many(crls).filter(isSequence).map(view) };
}

/** Attribute certificates and other odd things, which have context tags, are left out. */
const isSequence = (block: Block) => block.idBlock.tagClass === 1 && block.idBlock.tagNumber === 16;

function sequencesIn(set: Block | Block[] | undefined): Uint8Array[] {
  return set instanceof Constructed ? (set.valueBlock.value as Block[]).filter(isSequence).map(view) : [];
}

// --- PKCS#12: the file -------------------------------------------------------------------------------------------

export function encodePfx(content: Uint8Array, mac: Mac): Uint8Array {
  const macData = new MacData({
    mac: new DigestInfo({
      digestAlgorithm: new AlgorithmIdentifier({ algorithmId: mac.algorithm, algorithmParams: raw(NULL) }),
      digest: octetBlock(mac.digest),
    }),
    macSalt: octetBlock(mac.salt),
    iterations: mac.iterations,
  });
  return encode(new PFX({ authSafe: dataInfo(content), macData }));
}

const NULL = Uint8Array.of(5, 0);
const dataInfo = (content: Uint8Array) =>
  new ContentInfo({ contentType: ContentInfo.DATA, content: octetBlock(content) });

export function decodePfx(bytes: Uint8Array): Pfx {
  const { authSafe, macData } = new PFX({ schema: parse(bytes) });
  if (authSafe.contentType !== ContentInfo.DATA) throw unsupported('a PKCS#12 file signed with a key');
  const content = octets(authSafe.content);
  return macData === undefined ? { content } : { content, mac: macOf(macData) };
}

const macOf = ({ mac, macSalt, iterations = 1 }: MacData): Mac => ({
  algorithm: mac.digestAlgorithm.algorithmId,
  salt: octets(macSalt),
  iterations,
  digest: octets(mac.digest),
});

export const encodeSafes = (safes: readonly Safe[]): Uint8Array =>
  encode(
    new AuthenticatedSafe({
      safeContents: safes.map((safe) => ('plain' in safe ? dataInfo(safe.plain) : encryptedInfo(safe.encrypted))),
    }),
  );

function encryptedInfo({ algorithm, ciphertext }: Encrypted): ContentInfo {
  const encryptedContentInfo = new EncryptedContentInfo({
    contentType: ContentInfo.DATA,
    contentEncryptionAlgorithm: algorithmOf(algorithm),
    encryptedContent: octetBlock(ciphertext),
    // Else pkijs cuts it into pieces of indefinite length, which is BER.
    disableSplit: true,
  });
  const content = new EncryptedData({ encryptedContentInfo }).toSchema();
  return new ContentInfo({ contentType: ContentInfo.ENCRYPTED_DATA, content });
}

const AUTHENTICATED_SAFE = AuthenticatedSafe.schema({ names: { contentInfos: 'infos' } });

export const decodeSafes = (content: Uint8Array): Safe[] =>
  many(match(parse(content), AUTHENTICATED_SAFE).infos).map((block) => decodeSafe(new ContentInfo({ schema: block })));

function decodeSafe({ contentType, content }: ContentInfo): Safe {
  if (contentType === ContentInfo.DATA) return { plain: octets(content) };
  if (contentType !== ContentInfo.ENCRYPTED_DATA) throw unsupported('a PKCS#12 file encrypted for a certificate');
  const { encryptedContentInfo: info } = new EncryptedData({ schema: content });
  const ciphertext = new Uint8Array(info.getEncryptedContent());
  return { encrypted: { algorithm: encode(info.contentEncryptionAlgorithm), ciphertext } };
}

// --- PKCS#12: the bags -------------------------------------------------------------------------------------------

const BAG = {
  plainKey: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const;

export const encodeBags = (bags: readonly WritableBag[]): Uint8Array =>
  encode(new SafeContents({ safeBags: bags.map(encodeBag) }));

function encodeBag({ value, attributes }: WritableBag) {
  const bag = 'certificate' in value ? certificateBag(value.certificate) : shroudedKeyBag(value.shroudedKey);
  if (attributes.length === 0) return bag;
  bag.bagAttributes = attributes
    .map(({ type, values }) => new Attribute({ type, values: values.map(raw) }))
    .sort((a, b) => compareBytes(encode(a), encode(b)));
  return bag;
}

function certificateBag(certificate: Uint8Array) {
  const bagValue = new CertBag({ certId: X509_CERTIFICATE, certValue: octetBlock(certificate) });
  return new SafeBag({ bagId: BAG.certificate, bagValue });
}

function shroudedKeyBag({ algorithm, ciphertext }: Encrypted) {
  const encryptionAlgorithm = algorithmOf(algorithm);
  const bagValue = new PKCS8ShroudedKeyBag({ encryptionAlgorithm, encryptedData: octetBlock(ciphertext) });
  return new SafeBag({ bagId: BAG.shroudedKey, bagValue });
}

const SAFE_CONTENTS = SafeContents.schema({ names: { safeBags: 'bags' } });
const SAFE_BAG = SafeBag.schema({ names: { bagId: 'id', bagValue: 'value', bagAttributes: 'attributes' } });
const ATTRIBUTE = Attribute.schema({ names: { type: 'type', values: 'values' } });
const CERT_BAG = CertBag.schema({ names: { id: 'id', value: 'value' } });

/** The bags of SafeContents; CRLs, secret keys and unknown bags are left out. */
export const decodeBags = (contents: Uint8Array): Bag[] =>
  many(match(parse(contents), SAFE_CONTENTS).bags).flatMap(decodeBag);

function decodeBag(block: Block): Bag[] {
  const { id, value, attributes } = match(block, SAFE_BAG);
  const type = oidText(one(id));
  if (type === BAG.safeContents) return decodeBags(view(one(value)));
  const bagValue = BAG_READERS[type]?.(one(value));
  return bagValue === undefined ? [] : [{ value: bagValue, attributes: many(attributes).map(decodeAttribute) }];
}

const BAG_READERS: Readonly<Record<string, (block: Block) => BagValue | undefined>> = {
  [BAG.plainKey]: (block) => ({ plainKey: view(block) }),
  [BAG.shroudedKey]: (block) => {
    const { encryptionAlgorithm, encryptedData } = new PKCS8ShroudedKeyBag({ schema: block });
    return { shroudedKey: { algorithm: encode(encryptionAlgorithm), ciphertext: octets(encryptedData) } };
  },
  [BAG.certificate]: (block) => {
    const { id, value } = match(block, CERT_BAG);
    return oidText(one(id)) === X509_CERTIFICATE ? { certificate: octets(one(value)) } : undefined;
  },
};

function decodeAttribute(block: Block): BagAttribute {
  const { type, values } = match(block, ATTRIBUTE);
  return { type: oidText(one(type)), values: many(values).map(view) };
}
