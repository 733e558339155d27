import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constraintViolation } from '../../src/core/constraints.ts';
import { context, ia5String, oid, sequence, utf8String } from '../../src/core/der.ts';
import { basicConstraints, EXTENSION, type Extension, type GeneralName } from '../../src/core/extensions.ts';
import { GENERAL_NAME_TAG, parseNames } from '../../src/core/names.ts';
import type { Certificate } from '../../src/core/parse.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { makeOdd } from '../support/pki.ts';

/** `dns:a.test`, `ip:0a000000ff000000`, `email:`, `uri:`, `directory:C=DE`, `[8]:2a03` (hex). */
function base(text: string): GeneralName {
  const kind = text.slice(0, text.indexOf(':'));
  const value = text.slice(kind.length + 1);
  if (kind === 'directory') return { kind, tag: 4, bytes: encodeSubject(parseSubject(value)) };
  if (kind === 'ip') return { kind, tag: 7, bytes: new Uint8Array(Buffer.from(value, 'hex')) };
  if (kind.startsWith('[')) {
    return { kind: 'other', tag: Number(kind.slice(1, -1)), bytes: new Uint8Array(Buffer.from(value, 'hex')) };
  }
  return { kind: kind as 'dns', tag: GENERAL_NAME_TAG[kind as 'dns'], bytes: new TextEncoder().encode(value) };
}

const trees = (tag: number, list: readonly string[] = []) =>
  list.length === 0
    ? []
    : [
        context(
          tag,
          true,
          ...list.map((text) => {
            const { tag: number, bytes, kind } = base(text);
            return sequence(context(number, kind === 'directory', bytes));
          }),
        ),
      ];

interface Trees {
  readonly permit?: readonly string[];
  readonly exclude?: readonly string[];
  readonly critical?: boolean;
}

const constraintsOf = ({ permit, exclude, critical = true }: Trees): Extension => ({
  oid: EXTENSION.nameConstraints,
  critical,
  value: sequence(...trees(0, permit), ...trees(1, exclude)),
});

const authority = async (extension: Extension): Promise<Certificate> =>
  (await makeOdd('CN=Constrained', { extensions: [basicConstraints(true), extension] })).certificate;

interface Subject {
  readonly names?: readonly string[];
  readonly raw?: readonly GeneralName[];
  readonly subject?: string;
}

async function refusal(rules: Trees, { names = [], raw = [], subject = '' }: Subject) {
  const ca = await authority(constraintsOf(rules));
  const parsed = parseNames(names).map(({ kind, bytes }) => ({ kind, tag: GENERAL_NAME_TAG[kind], bytes }));
  return constraintViolation([ca], {
    names: [...parsed, ...raw],
    subject: encodeSubject(subject === '' ? [] : parseSubject(subject)),
  });
}

/** [constraint, name, may sign?] */
type Row = readonly [Trees, string, boolean];

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'DNS names': [
    [{ permit: ['dns:a.test'] }, 'a.test', true],
    [{ permit: ['dns:a.test'] }, 'x.y.a.test', true],
    [{ permit: ['dns:A.Test'] }, 'X.a.TEST', true],
    [{ permit: ['dns:a.test'] }, 'ba.test', false],
    [{ permit: ['dns:a.test'] }, 'test', false],
    [{ permit: ['dns:.a.test'] }, 'x.a.test', true],
    [{ permit: ['dns:.a.test'] }, 'a.test', false],
    [{ permit: ['dns:'] }, 'x.test', true],
    [{ exclude: ['dns:'] }, 'x.test', false],
    [{ exclude: ['dns:a.test'] }, 'x.a.test', false],
    [{ exclude: ['dns:a.test'] }, 'b.test', true],
    [{ permit: ['dns:a.test', 'dns:b.test'] }, 'b.test', true],
    [{ permit: ['dns:a.test'], exclude: ['dns:x.a.test'] }, 'y.x.a.test', false],
  ],
  wildcards: [
    [{ permit: ['dns:a.test'] }, '*.a.test', true],
    [{ permit: ['dns:.a.test'] }, '*.a.test', true],
    [{ permit: ['dns:b.a.test'] }, '*.a.test', false],
    [{ permit: ['dns:a.test'] }, '*.test', false],
    [{ exclude: ['dns:b.a.test'] }, '*.a.test', false],
    [{ exclude: ['dns:a.test'] }, '*.test', false],
    [{ exclude: ['dns:c.b.a.test'] }, '*.a.test', true],
    [{ exclude: ['dns:.b.a.test'] }, '*.a.test', true],
  ],
  addresses: [
    [{ permit: ['ip:0a000000ff000000'] }, '10.1.2.3', true],
    [{ permit: ['ip:0a000000ff000000'] }, '11.0.0.1', false],
    [{ permit: ['ip:0a000000ff000000'] }, '::1', false],
    [{ exclude: ['ip:0a000000ff000000'] }, '::1', true],
    [{ exclude: ['ip:0000000000000000'] }, '10.1.2.3', false],
    [{ permit: [`ip:fd00${'00'.repeat(14)}ffff${'00'.repeat(14)}`] }, 'fd00::5', true],
    [{ permit: [`ip:fd00${'00'.repeat(14)}ffff${'00'.repeat(14)}`] }, 'fd01::5', false],
    [{ permit: ['ip:0a0000'] }, '10.1.2.3', false],
    [{ exclude: ['ip:0a0000'] }, '10.1.2.3', false],
    [{ permit: ['dns:a.test'] }, '10.1.2.3', true],
  ],
  'e-mail': [
    [{ permit: ['email:a.test'] }, 'me@a.test', true],
    [{ permit: ['email:a.test'] }, 'me@x.a.test', false],
    [{ permit: ['email:.a.test'] }, 'me@x.a.test', true],
    [{ permit: ['email:.a.test'] }, 'me@a.test', false],
    [{ permit: ['email:Me@a.test'] }, 'Me@A.test', true],
    [{ permit: ['email:Me@a.test'] }, 'me@a.test', false],
    [{ exclude: ['email:'] }, 'me@a.test', false],
    [{ exclude: ['email:b.test'] }, 'me@a.test', true],
  ],
  URIs: [
    [{ permit: ['uri:a.test'] }, 'https://a.test:8080/x?y', true],
    [{ permit: ['uri:a.test'] }, 'https://user@A.test/', true],
    [{ permit: ['uri:a.test'] }, 'https://x.a.test/', false],
    [{ permit: ['uri:.a.test'] }, 'https://x.a.test/', true],
    [{ permit: ['uri:.a.test'] }, 'spiffe://x.a.test/id', true],
    [{ permit: ['uri:a.test'] }, 'https://10.0.0.1/', false],
    [{ exclude: ['uri:b.test'] }, 'https://[::1]/', false],
    [{ exclude: ['uri:b.test'] }, 'urn:uuid:1', false],
  ],
};

for (const [theme, rows] of Object.entries(ROWS)) {
  describe(`name constraints on ${theme}`, () => {
    for (const [rules, name, may] of rows) {
      test(`${JSON.stringify(rules)} ${may ? 'allows' : 'refuses'} ${name}`, async () => {
        const violation = await refusal(rules, { names: [name] });
        assert.equal(violation === undefined, may, violation?.why);
      });
    }
  });
}

describe('name constraints', () => {
  test('the violation names the authority, the name and the reason', async () => {
    const violation = await refusal({ permit: ['dns:a.test', 'dns:c.test'] }, { names: ['b.test'] });
    assert.equal(violation?.name, 'b.test');
    assert.equal(violation.why, 'its name constraints permit only dns:a.test, dns:c.test');
    const excluded = await refusal({ exclude: ['ip:0a000000ff000000'] }, { names: ['10.0.0.1'] });
    assert.equal(excluded?.why, 'its name constraints exclude ip:10.0.0.0/8');
  });

  test('each authority in the chain is asked', async () => {
    const [outer, inner] = await Promise.all(
      ['dns:a.test', 'dns:b.a.test'].map((tree) => authority(constraintsOf({ permit: [tree] }))),
    );
    const names = [base('dns:c.a.test')];
    const violation = constraintViolation([inner as Certificate, outer as Certificate], { names, subject: sequence() });
    assert.equal(violation?.authority, inner);
    assert.equal(constraintViolation([outer as Certificate], { names, subject: sequence() }), undefined);
  });

  test('a directory constraint is a prefix of the subject, whatever its case and string types', async () => {
    const rules = { permit: ['directory:O=Acme Ltd,C=DE'] };
    assert.equal(await refusal(rules, { subject: 'CN=db,O=acme  ltd,C=DE' }), undefined);
    assert.match(
      (await refusal(rules, { subject: 'CN=db,C=DE' }))?.why ?? '',
      /permit only directoryName:O=Acme Ltd,C=DE/,
    );
    assert.notEqual(await refusal(rules, { subject: 'CN=db,O=Acme Ltd' }), undefined);
    assert.equal(await refusal(rules, { names: ['db.test'] }), undefined, 'an empty subject is not constrained');
  });

  test('an e-mail address in the subject counts', async () => {
    const rules = { permit: ['email:a.test'] };
    const subject = 'CN=me,emailAddress=me@b.test';
    assert.equal((await refusal(rules, { subject }))?.name, 'me@b.test');
    assert.equal((await refusal(rules, { subject, names: ['me@a.test'] }))?.name, 'me@b.test');
    assert.equal(await refusal(rules, { subject: 'CN=me,emailAddress=me@a.test', names: ['x.test'] }), undefined);
  });

  test('a common name that looks like a host counts when there is no DNS name', async () => {
    const rules = { permit: ['dns:a.test'] };
    assert.equal((await refusal(rules, { subject: 'CN=b.test' }))?.name, 'b.test');
    assert.equal((await refusal(rules, { subject: 'CN=b.test', names: ['10.0.0.1'] }))?.name, 'b.test');
    assert.equal(await refusal(rules, { subject: 'CN=b.test', names: ['x.a.test'] }), undefined);
    assert.equal(await refusal(rules, { subject: 'CN=Backup server' }), undefined);
  });

  test('a kind that cannot be checked is refused when critical', async () => {
    const raw = [base('[8]:2a03')];
    assert.match((await refusal({ permit: ['[8]:2a04'] }, { raw }))?.why ?? '', /of a kind that local-ca cannot check/);
    assert.equal(await refusal({ permit: ['[8]:2a04'], critical: false }, { raw }), undefined);
    assert.equal(await refusal({ permit: ['[8]:2a04'] }, { names: ['a.test'] }), undefined);
    const otherName = { kind: 'other', tag: 0, bytes: oid('1.2.3') } as const;
    assert.equal(await refusal({ permit: ['[8]:2a04'] }, { raw: [otherName] }), undefined, 'another kind is free');
  });

  test('constraints that cannot be read permit nothing', async () => {
    const ca = await authority({ oid: EXTENSION.nameConstraints, critical: true, value: utf8String('no') });
    const violation = constraintViolation([ca], { names: [], subject: encodeSubject(parseSubject('CN=x')) });
    assert.deepEqual(violation && { name: violation.name, why: violation.why }, {
      name: 'CN=x',
      why: 'its name constraints cannot be read',
    });
  });

  test('a name with a NUL is not cut at it', async () => {
    const raw = [{ kind: 'dns', tag: 2, bytes: new TextEncoder().encode('evil.test\0.a.test') } as const];
    const mailbox = [{ kind: 'email', tag: 1, bytes: ia5String('nobody').subarray(2) } as const];
    assert.equal((await refusal({ permit: ['dns:b.test'] }, { raw }))?.name, 'evil.test\\u0000.a.test');
    assert.notEqual(await refusal({ exclude: ['email:b.test'] }, { raw: mailbox }), undefined);
  });
});
