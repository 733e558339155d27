/** Every command, in the order in which `--help` shows them. */
import type { Command } from '../command.ts';
import { completion } from './completion.ts';
import { crl } from './crl.ts';
import { exportCommand } from './export.ts';
import { init } from './init.ts';
import { inspect } from './inspect.ts';
import { issue } from './issue.ts';
import { list } from './list.ts';
import { renew } from './renew.ts';
import { revoke } from './revoke.ts';
import { show } from './show.ts';
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
  revoke,
  crl,
  inspect,
  verify,
  templateList,
  templateShow,
  completion(() => COMMANDS),
];
