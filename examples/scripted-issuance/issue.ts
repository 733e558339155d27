// The same as issue.sh through the library, in one process, and all of the certificates or none: every name is checked
// before the first key is made, and the files take their places only when all of the certificates are on record.
//
//   node --import ts-blank-space/register issue.ts OUT HOST...      (from Node 22.18 on: node issue.ts OUT HOST...)
//
// LOCAL_CA_HOME is the folder of the CA.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildBundle,
  CertificateAuthority,
  createHome,
  LocalCaError,
  loadTemplate,
  openHome,
  PACKAGE_TEMPLATES,
  type Staged,
  stageDirectory,
  systemAmbient,
} from 'local-ca';

const [out = 'certificates', ...hosts] = process.argv.slice(2);
const folder = process.env.LOCAL_CA_HOME ?? 'ca';

async function issueAll(ca: CertificateAuthority): Promise<void> {
  const template = await loadTemplate('nginx', [PACKAGE_TEMPLATES]);
  const requests = hosts.map((host) => ({ names: [host], template: template.name }));
  const staged: Staged[] = [];
  try {
    const issued = await ca.issueMany(requests, {
      beforeRecording: async (signed) => {
        const { now, random } = systemAmbient;
        for (const { material } of signed) {
          const bundle = await buildBundle(material, template, { now: now(), random });
          staged.push(await stageDirectory(join(out, material.label), bundle.files));
        }
      },
    });
    for (const files of staged) await files.commit();
    for (const { record } of issued) process.stdout.write(`${record.label}\t${record.notAfter.toISOString()}\n`);
  } catch (error) {
    for (const files of staged) await files.discard();
    throw error;
  }
}

try {
  if (!existsSync(folder)) {
    await createHome(folder, async (home) => {
      await CertificateAuthority.create(home, { name: 'Provisioning CA' });
    });
  }
  const home = await openHome(folder);
  await issueAll(await CertificateAuthority.open(home));
  await home.close();
} catch (error) {
  if (!(error instanceof LocalCaError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n${error.hint}\n`);
  process.exitCode = error.exitCode;
}
