/**
 * Certificates for tests that run without foreign programs, made once with OpenSSL 3.0 (`openssl req -x509` and
 * `openssl x509 -req`, P-256, valid for 100 years): a root, an intermediate, and a leaf for db1.example.test,
 * *.db1.example.test and 10.0.0.5 with its key.
 */
import { createHash } from 'node:crypto';
import type { LeafMaterial, Material } from '../../src/bundle/material.ts';
import type { CertificateFacts } from '../../src/core/facts.ts';
import { importKey, type PrivateKey } from '../../src/core/keys.ts';

const decode = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

export const ROOT = decode(`
MIIBYjCCAQigAwIBAgICEAAwCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMRml4dHVyZSBSb290MCAXDTI2MTEyMjAxMTEyMFoYDzIxMjYxMDI5MD
ExMTIwWjAXMRUwEwYDVQQDDAxGaXh0dXJlIFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATNr0Ar6IwGDbZLLUJBDZ4+2AwVOj4ysAhC
pkt+Yd6Lpp0DdsQ2d5cr70zZnLjMYq5CslRUuzl0FukR+U/UlCPYo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ
4EFgQUYb5+FcGfdUMP0kzY8ufBSwKzRxgwCgYIKoZIzj0EAwIDSAAwRQIhAKmjEjLFm0JQ9ABk+lotGQrYyk0gSeak8GNKAdSqAGWRAiAJFTwp
9LLe5c7UvQBnBxdjk2eV9etJcPsDNfjt9y7xqA==
`);

export const INTERMEDIATE = decode(`
MIIBjjCCATSgAwIBAgICIAAwCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMRml4dHVyZSBSb290MCAXDTI2MTEyMjAxMTEyMFoYDzIxMjYxMDI5MD
ExMTIwWjAfMR0wGwYDVQQDDBRGaXh0dXJlIEludGVybWVkaWF0ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPQ0o0SLMNuxfZSTc9i1GGmh
DI0o9UPIEDt3Ox7HbzZev7IXN+uln3K2EZfFeb1TCz/Tl5aUAZvnERGEDmfiHyKjZjBkMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BA
QDAgEGMB0GA1UdDgQWBBSYVcPrKtKWcf5yn71d7NCRZM4tKzAfBgNVHSMEGDAWgBRhvn4VwZ91Qw/STNjy58FLArNHGDAKBggqhkjOPQQDAgNI
ADBFAiAY8i4mlu3mis5h9Nu9vfy7JjV91SSSQBdbLcVwTZQ9kgIhAKvSHU4E/Grs53XmbWphqKmRZAC3mxqOJYagU0dXhdtR
`);

export const LEAF = decode(`
MIIB2jCCAYCgAwIBAgICMAAwCgYIKoZIzj0EAwIwHzEdMBsGA1UEAwwURml4dHVyZSBJbnRlcm1lZGlhdGUwIBcNMjYxMTIyMDExMTIwWhgPMj
EyNjEwMjkwMTExMjBaMBsxGTAXBgNVBAMMEGRiMS5leGFtcGxlLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATyqEkWeTLIx0IfBZ+/
VNwTxpNLU+GzFTO0E9C6nx/ti1rlyd1y9q5MzjalawbPdD7xK+WNOJcfFKMaHuwylKQwo4GtMIGqMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BA
QDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMDUGA1UdEQQuMCyCEGRiMS5leGFtcGxlLnRlc3SCEiouZGIxLmV4YW1wbGUudGVzdIcECgAABTAf
BgNVHSMEGDAWgBSYVcPrKtKWcf5yn71d7NCRZM4tKzAdBgNVHQ4EFgQUGsuNmlEn2oSK98vgeIdGKSqAkbIwCgYIKoZIzj0EAwIDSAAwRQIhAO
umKm0cy1rKU5tAkJW8DmMRuaSCKJ2F9RM/gKN9h0VZAiAqJj3kJ1dKJFalWKIVTTNIh4Ch3RIoi/S4OrnXagO5Gw==
`);

export const LEAF_KEY_PKCS8 = decode(`
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7ckyxDbGzLiUEkUMR0kv2/HwtD2QtcVel1o/tTygAiehRANCAATyqEkWeTLIx0
IfBZ+/VNwTxpNLU+GzFTO0E9C6nx/ti1rlyd1y9q5MzjalawbPdD7xK+WNOJcfFKMaHuwylKQw
`);

const leafKey: PrivateKey = importKey(LEAF_KEY_PKCS8);

const facts = (certificate: Uint8Array, commonName: string, serial: string): CertificateFacts => ({
  commonName,
  serial,
  fingerprintSha256: createHash('sha256').update(certificate).digest('hex'),
  notBefore: new Date('2026-11-22T01:11:20Z'),
  notAfter: new Date('2126-10-29T01:11:20Z'),
  keyType: 'p256',
});

export const leafMaterial: LeafMaterial = {
  ...facts(LEAF, 'db1.example.test', '3000'),
  certificate: LEAF,
  key: leafKey,
  profile: 'server',
  names: ['db1.example.test', '*.db1.example.test', '10.0.0.5'],
};

/** What was issued under the intermediate. */
export const material: Material = {
  label: 'db1.example.test',
  leaf: leafMaterial,
  intermediates: [INTERMEDIATE],
  roots: [ROOT],
  authority: facts(ROOT, 'Fixture Root', '1000'),
};

const { leaf: _leaf, ...authorityOnly } = material;

/** As for `export --ca`. */
export const caMaterial: Material = { ...authorityOnly, label: 'ca' };

/** The same leaf, long after its key was handed out. */
export const keylessMaterial: Material = { ...material, leaf: withoutKey(leafMaterial) };

function withoutKey({ key: _key, ...rest }: LeafMaterial): LeafMaterial {
  return rest;
}

/** A random source that gives the same bytes in every run: SHA-256 of a counter. */
export function countingRandom(seed = 'test'): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = createHash('sha256').update(`${seed} ${counter++}`).digest();
      bytes.set(block.subarray(0, length - at), at);
    }
    return bytes;
  };
}

export const NOW = new Date('2026-11-22T12:00:00Z');
