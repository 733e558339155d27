/** Every command, in the order in which `--help` shows them. */
import type { Command } from '../command.ts';
import { completion } from './completion.ts';
import { crl } from './crl.ts';
import { csrAccept } from './csr-accept.ts';
import { csrCreate } from './csr-create.ts';
import { csrDrop } from './csr-drop.ts';
import { csrShow } from './csr-show.ts';
import { deployAdd } from './deploy-add.ts';
import { deployList, deployState } from './deploy-list.ts';
import { deployRemove } from './deploy-remove.ts';
import { deployRun } from './deploy-run.ts';
import { deployWatch } from './deploy-watch.ts';
import { doctor } from './doctor.ts';
import { exportCommand } from './export.ts';
import { init } from './init.ts';
import { inspect } from './inspect.ts';
import { issue } from './issue.ts';
import { list } from './list.ts';
import { probe } from './probe.ts';
import { renew } from './renew.ts';
import { revoke } from './revoke.ts';
import { show } from './show.ts';
import { sign } from './sign.ts';
import { status } from './status.ts';
import { templateList, templateShow } from './template.ts';
import { verify } from './verify.ts';

export const COMMANDS: readonly Command[] = [
  init,
  issue,
  exportCommand,
  list,
  show,
  status,
  renew,
  csrCreate,
  csrShow,
  csrAccept,
  csrDrop,
  sign,
  revoke,
  crl,
  deployAdd,
  deployList,
  deployRemove,
  deployRun,
  deployState,
  deployWatch,
  doctor,
  inspect,
  verify,
  probe,
  templateList,
  templateShow,
  completion(() => COMMANDS),
];
