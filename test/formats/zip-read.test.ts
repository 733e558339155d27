/** Zips field by field (APPNOTE.TXT): the odd and the hostile. test/interop/zip.interop.test.ts has other programs write them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { zipBundle } from '../../src/bundle/zip.ts';
import { certificatesOf, readContents } from '../../src/cli/read-file.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { writeJks } from '../../src/formats/jks.ts';
import { writePkcs12 } from '../../src/formats/pkcs12.ts';
import { readZip } from '../../src/formats/zip-read.ts';
import { outputFile } from '../bundle/support.ts';
import { throwsCode } from '../support/throws.ts';
import { intermediate, keyEntry, leaf, leafPem, mixed, root, seeded } from './fixtures.ts';

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const encode = (value: string) => new TextEncoder().encode(value);

interface Odd {
  readonly name: string | Uint8Array;
  readonly bytes: Uint8Array;
  readonly flags?: number;
  readonly method?: number;
  /** Lies. */
  readonly size?: number;
  readonly crc?: number;
}

/** Little-endian fields: their width in bytes and their value. */
const fields = (...list: readonly (readonly [2 | 4, number])[]) =>
  Buffer.concat(
    list.map(([width, value]) => {
      const field = Buffer.alloc(width);
      field.writeUIntLE(value, 0, width);
      return field;
    }),
  );

function oddZip(entries: readonly Odd[], { comment = '', count = entries.length } = {}): Buffer {
  const parts: Buffer[] = [];
  const headers: Buffer[] = [];
  for (const { name, bytes, flags = 0x800, method = 8, size = bytes.length, crc = crc32(bytes) } of entries) {
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const label = Buffer.from(name);
    const common = [
      [2, 20],
      [2, flags],
      [2, method],
      [4, 0],
      [4, crc],
      [4, packed.length],
      [4, size],
    ] as const;
    const lengths = [
      [2, label.length],
      [2, 0],
    ] as const;
    const rest = [
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, Buffer.concat(parts).length],
    ] as const;
    headers.push(fields([4, 0x02014b50], [2, 20], ...common, ...lengths, ...rest), label);
    parts.push(fields([4, 0x04034b50], ...common, ...lengths), label, Buffer.from(packed));
  }
  const [body, directory, note] = [Buffer.concat(parts), Buffer.concat(headers), Buffer.from(comment)];
  const places = [
    [2, count],
    [2, count],
    [4, directory.length],
    [4, body.length],
  ] as const;
  return Buffer.concat([body, directory, fields([4, 0x06054b50], [2, 0], [2, 0], ...places, [2, note.length]), note]);
}

const hello = { name: 'a.txt', bytes: encode('hello') };

describe('reading a zip', () => {
  test('the zips that local-ca writes', async () => {
    const zip = await zipBundle([outputFile('b.pem', 'public'), outputFile('a/key.pem', 'secret', true)]);
    assert.deepEqual(
      readZip(zip).map(({ name, bytes }) => [name, text(bytes)]),
      [
        ['a/key.pem', 'secret'],
        ['b.pem', 'public'],
      ],
    );
  });

  test('with a comment, one that looks like the end of a zip too, and with bytes after it', () => {
    for (const comment of ['', 'made by hand', 'PK\u0005\u0006'.padEnd(60, '~')]) {
      assert.equal(text(readZip(oddZip([hello], { comment }))[0]?.bytes), 'hello');
    }
    assert.equal(readZip(Buffer.concat([oddZip([hello]), Buffer.alloc(100)])).length, 1);
  });

  test('an empty one, empty files, folders, and names of Windows', () => {
    assert.deepEqual(readZip(oddZip([])), []);
    const names = ['empty', 'folder/', 'folder\\', 'folder\\b.crt', Uint8Array.of(0x8c, 0x2e, 0x74)];
    assert.deepEqual(
      readZip(oddZip(names.map((name) => ({ name, bytes: new Uint8Array() })))).map(({ name }) => name),
      ['empty', 'folder/b.crt', '\u008c.t'],
    );
  });

  test('paths that lead out are names, no more', () => {
    const names = ['../../etc/passwd', '/etc/passwd', 'C:\\x'];
    assert.deepEqual(
      readZip(oddZip(names.map((name) => ({ ...hello, name })))).map(({ name }) => name),
      ['../../etc/passwd', '/etc/passwd', 'C:/x'],
    );
  });
});

const zeros = new Uint8Array(20 * 1024 * 1024);

const BAD: readonly (readonly [what: string, zip: () => Uint8Array, message: RegExp, code?: ErrorCode])[] = [
  ['a beginning', () => encode('PK\u0003\u0004and so on'), /no directory at its end; it was perhaps cut short$/],
  ['a cut one', () => oddZip([hello]).subarray(0, -1), /no directory at its end/],
  ['encrypted', () => oddZip([{ ...hello, flags: 1 }]), /its entry "a.txt" is encrypted$/],
  ['an unknown method', () => oddZip([{ ...hello, method: 12 }]), /"a.txt" is packed in a way .* \(method 12\)$/],
  ['a wrong checksum', () => oddZip([{ ...hello, crc: 1 }]), /its entry "a.txt" is damaged$/],
  ['longer than it says', () => oddZip([{ name: 'bomb', bytes: zeros, size: 1000 }]), /its entry "bomb" is damaged$/],
  ['shorter than it says', () => oddZip([{ ...hello, size: 1000 }]), /its entry "a.txt" is damaged$/],
  ['stored, and shorter', () => oddZip([{ ...hello, method: 0, size: 9 }]), /its entry "a.txt" is damaged$/],
  ['more entries than there are', () => oddZip([hello], { count: 2 }), /entry 2 of its directory is not where/],
  [
    'too many entries',
    () => oddZip(Array.from({ length: 1001 }, () => hello)),
    /^it is a zip that has 1001 entries$/,
    'LOCAL_CA_INPUT_TOO_LARGE',
  ],
  [
    'too many bytes',
    () => oddZip(['a', 'b'].map((name) => ({ name, bytes: zeros }))),
    /^it is a zip that unpacks to 41943040 bytes$/,
    'LOCAL_CA_INPUT_TOO_LARGE',
  ],
  [
    'zip64 without it',
    () => oddZip([hello], { count: 0xffff }),
    /^it is a zip that (has|cannot)/,
    'LOCAL_CA_INPUT_TOO_LARGE',
  ],
];

describe('a zip is refused:', () => {
  for (const [what, zip, message, code = 'LOCAL_CA_ZIP_INVALID'] of BAD) {
    test(what, () => throwsCode(() => readZip(zip()), code, message));
  }

  test('damaged anywhere, in a clear way or not at all', () => {
    const whole = oddZip([hello, { name: 'b', bytes: leaf }]);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0xff;
      try {
        readZip(damaged);
      } catch (error) {
        assert.match(String(error), /^LocalCaError: it is a zip that /, `byte ${at}`);
      }
    }
    for (let end = 0; end < whole.length; end++)
      throwsCode(() => readZip(whole.subarray(0, end)), 'LOCAL_CA_ZIP_INVALID', /zip/);
  });
});

const password = 'secret1';
const random = seeded('a');

describe('the contents of a zip', () => {
  const contents = (files: Readonly<Record<string, Uint8Array | string>>, given?: string) => {
    const entries = Object.entries(files).map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }));
    return readContents(oddZip(entries), 'answer.zip', given);
  };
  const titles = async (files: Readonly<Record<string, Uint8Array | string>>, given?: string) =>
    (await contents(files, given)).found.map((one) => [one.path, 'title' in one ? one.title : one.kind]);

  test('are what its files hold, each with its path', async () => {
    const { format, found } = await contents({ 'x/db.crt': leafPem, 'x/ca.der': root });
    assert.equal(format, 'zip');
    assert.deepEqual(found, [
      { kind: 'certificate', der: leaf, path: 'x/db.crt' },
      { kind: 'certificate', der: root, path: 'x/ca.der' },
    ]);
  });

  test('what is no certificate format is named, and hides nothing', async () => {
    const files = {
      'README.txt': 'Install the files.',
      'HOWTO.txt': 'Begin with\n-----BEGIN CERTIFICATE-----\n',
      'ca.crt': '<!doctype html><h1>404</h1>',
      'inner.zip': oddZip([hello]),
      'none.crt': '',
      'db.crt': leaf,
    };
    assert.deepEqual(await titles(files), [
      ['README.txt', 'none of the formats that local-ca reads'],
      ['HOWTO.txt', 'PEM block 1 ("CERTIFICATE") has no END line'],
      ['ca.crt', 'none of the formats that local-ca reads'],
      ['inner.zip', 'a zip in the zip, which is not opened'],
      ['none.crt', 'none of the formats that local-ca reads'],
      ['db.crt', 'certificate'],
    ]);
  });

  test('key stores in it are opened with the password, and named without one', async () => {
    const p12 = writePkcs12([keyEntry], { password, profile: 'modern', random, iterations: 5 });
    const jks = writeJks(mixed, { password, now: new Date(0), random });
    const [first] = await titles({ 'a.p12': p12 });
    assert.deepEqual(first, ['a.p12', 'the PKCS#12 file is encrypted']);
    assert.deepEqual((await titles({ 'a.p12': p12 }, password))[0], ['a.p12', 'private-key']);
    const { found } = await contents({ 'a.jks': jks }, password);
    assert.ok(found.every(({ path, alias }) => path === 'a.jks' && alias !== undefined));
  });

  test('a certificate that stands in several files is one, and the leaf comes first', async () => {
    const files = [root, intermediate, leaf, encode(leafPem)].map((bytes, i) => ({ name: `${i}`, bytes }));
    assert.deepEqual(await certificatesOf(oddZip(files), 'answer.zip', undefined), [leaf, intermediate, root]);
  });

  test('an error names the zip', async () => {
    await assert.rejects(readContents(oddZip([{ ...hello, flags: 1 }]), 'answer.zip', undefined), {
      code: 'LOCAL_CA_ZIP_INVALID',
      message: '"answer.zip": it is a zip that cannot be read: its entry "a.txt" is encrypted',
    });
  });
});
