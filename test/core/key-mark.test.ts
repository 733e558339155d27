/** A key is known again, however it is written. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { bitString, children, concatBytes, integer, readBitString, readWhole, sequence } from '../../src/core/der.ts';
import { isPlainPoint, keyMark } from '../../src/core/key-mark.ts';
import { ecKey, rsaKey } from '../support/csr-odd.ts';

const spkiOf = (key: Parameters<typeof createPublicKey>[0]) =>
  new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
const parts = (spki: Uint8Array) => {
  const [identifier, key] = children(readWhole(spki));
  return [identifier?.bytes as Uint8Array, readBitString(key)] as const;
};

for (const curve of ['P-256', 'P-521']) {
  test(`${curve}: by its x coordinate, in full or compressed`, () => {
    const spki = spkiOf(ecKey(curve));
    const [identifier, point] = parts(spki);
    const x = point.subarray(1, (point.length + 1) / 2);
    const form = 2 + ((point.at(-1) as number) & 1);
    const short = sequence(identifier, bitString(concatBytes(Uint8Array.of(form), x)));
    assert.deepEqual([keyMark(spki), keyMark(short)], [x, x]);
    assert.deepEqual([isPlainPoint(spki), isPlainPoint(short)], [true, false]);
    assert.deepEqual(
      spkiOf({ key: Buffer.from(short), format: 'der', type: 'spki' }).subarray(-x.length),
      short.subarray(-x.length),
    );
  });
}

test('RSA: by its modulus, whatever the exponent', () => {
  const spki = spkiOf(rsaKey());
  const [identifier, key] = parts(spki);
  const [modulus] = children(readWhole(key));
  const other = sequence(identifier, bitString(sequence(modulus?.bytes as Uint8Array, integer(3))));
  assert.deepEqual(keyMark(other), keyMark(spki));
  assert.equal(keyMark(spki).length, 257);
});

test('Ed25519, and a type that nobody knows: by all of it', () => {
  const ed = spkiOf(generateKeyPairSync('ed25519').privateKey);
  assert.deepEqual(keyMark(ed), ed.subarray(-32));
  const unknown = spkiOf(generateKeyPairSync('x25519').privateKey);
  assert.deepEqual(keyMark(unknown), unknown);
});
