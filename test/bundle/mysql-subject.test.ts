/** MySQL compares the subject letter by letter with what X509_NAME_oneline of OpenSSL writes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';

const cwd = temporaryFolder();
const place = { home: join(cwd, 'home'), cwd };

before(() => localCaJson(['init', '--yes'], place));

describe('the account that the mysql template makes', () => {
  const subjects: readonly (readonly [string, string, string])[] = [
    ['plain', 'CN=alice,OU=R & D,O=Acme,C=DE', "REQUIRE SUBJECT '/C=DE/O=Acme/OU=R & D/CN=alice'"],
    ['street', 'CN=alice,STREET=Main 1,O=Acme', "REQUIRE SUBJECT '/O=Acme/street=Main 1/CN=alice'"],
    ['umlaut', 'CN=alice,O=Müller', 'REQUIRE X509'],
    ['quote', "CN=alice,O=O'Neill", 'REQUIRE X509'],
    ['several', 'CN=alice+UID=a1,O=Acme', 'REQUIRE X509'],
  ];
  for (const [label, subject, wanted] of subjects) {
    it(`for ${subject}: ${wanted}`, async () => {
      const flags = ['--profile', 'client', '--template', 'mysql', '--subject', subject, '--label', label];
      await localCaJson(['issue', 'alice@example.test', ...flags], place);
      const sql = readFileSync(join(cwd, label, 'user.sql'), 'utf8');
      const required = new Set(sql.match(/REQUIRE [^;]*/g));
      assert.deepEqual([...required], [wanted]);
    });
  }
});
