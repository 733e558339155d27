/** Ready texts with which a system runs `local-ca deploy run` every ten minutes: systemd, cron, Windows' Task Scheduler. */
import { createHash } from 'node:crypto';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** Absolute paths: a scheduler has neither our PATH nor our working folder. */
export interface SchedulePaths {
  readonly node: string;
  /** The command line's entry, which node runs. */
  readonly program: string;
  readonly home: string;
  /** What else `deploy run` is told: targets and flags. */
  readonly words?: readonly string[];
}

/** A file as the scheduler wants its bytes. */
export interface ScheduleFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Who runs it: the home's owner should, or files in it end up as root's. */
export interface ScheduleUser {
  readonly user?: string;
}

const NAME = 'local-ca-deploy';
const DESCRIPTION = 'local-ca: renew and deploy what is due';

const argumentsOf = ({ program, home, words = [] }: SchedulePaths) => [
  program,
  ...['deploy', 'run', '--quiet', '--home', home],
  ...words,
];

const utf8File = (name: string, lines: readonly string[]): ScheduleFile => ({
  name,
  bytes: new TextEncoder().encode(`${lines.join('\n')}\n`),
});

/** None of the three can write them, and in a file of lines they would begin another entry. */
function checkTexts(...texts: readonly string[]): void {
  const bad = texts.find((text) => /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text));
  if (bad === undefined) return;
  throw invalid(`${quote(bad)} has a character that no schedule can hold`, 'Use a path without control characters.');
}

const invalid = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);

/** 0 to 9, always the same for a home: machines that were set up alike should not all start in the same minute. */
const minuteOf = (home: string) => (createHash('sha256').update(home).digest()[0] ?? 0) % 10;

// --- systemd ---------------------------------------------------------------------------------------------------

/** What stays possible: hooks with their daemons, writing certificates under /etc, /var, /home, /opt and /usr/local. */
const MOUNT_HARDENING = ['ProtectSystem=yes', 'ReadWritePaths=-/usr/local', 'ProtectControlGroups=yes'];

/** For root alone: with User=, each of these implies NoNewPrivileges, and a hook could not use sudo (systemd.exec(5)). */
const ROOT_HARDENING = [
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectClock=yes',
  'RestrictRealtime=yes',
  'LockPersonality=yes',
];

/** A service and its timer, for /etc/systemd/system; or for a user's own manager, in ~/.config/systemd/user. */
export function systemdUnits(
  paths: SchedulePaths,
  options: { readonly scope: 'system' | 'user' } & ScheduleUser,
): readonly [service: ScheduleFile, timer: ScheduleFile] {
  const { scope, user } = options;
  checkTexts(...Object.values(paths).flat(), user ?? '');
  if (/["'\\]/.test(paths.node)) {
    throw invalid(`systemd runs no program at ${quote(paths.node)}`, 'Use a path without quotes and backslashes.');
  }
  const isSystem = scope === 'system';
  const service = [
    `# systemctl ${isSystem ? '' : '--user '}daemon-reload && systemctl ${isSystem ? '' : '--user '}enable --now ${NAME}.timer`,
    '[Unit]',
    `Description=${DESCRIPTION}`,
    ...(isSystem ? ['Wants=network-online.target', 'After=network-online.target'] : []),
    '',
    '[Service]',
    'Type=oneshot',
    `ExecStart=${systemdProgram(paths.node)} ${argumentsOf(paths).map(systemdWord).join(' ')}`,
    ...(user === undefined ? [] : [`User=${user.replaceAll('%', '%%')}`]),
    'TimeoutStartSec=1h',
    '# A server that a hook started is not ended with this service.',
    'KillMode=process',
    ...(isSystem ? MOUNT_HARDENING : []),
    ...(isSystem && user === undefined ? ROOT_HARDENING : []),
  ];
  const timer = [
    '[Unit]',
    `Description=${DESCRIPTION}, every 10 minutes`,
    '',
    '[Timer]',
    'OnCalendar=*:0/10',
    'RandomizedDelaySec=5min',
    'Persistent=true',
    '',
    '[Install]',
    'WantedBy=timers.target',
  ];
  return [utf8File(`${NAME}.service`, service), utf8File(`${NAME}.timer`, timer)];
}

/** Double quotes with C escapes; %% since % begins a specifier (systemd.syntax(7), systemd.unit(5)). */
const systemdProgram = (path: string) => `"${path.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;

/** In arguments, and there alone, $ begins a variable (systemd.service(5)). */
const systemdWord = (text: string) =>
  /^[\w./:@+=-]+$/.test(text) ? text : systemdProgram(text).replaceAll('$', '$$$$');

// --- cron ------------------------------------------------------------------------------------------------------

/** Cron's own PATH lacks the folders of most servers; what it has stays first. */
const CRON_PATH = 'PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin"';

/** A line for `crontab -e`; with a user, for a file in /etc/cron.d. */
export function cronLine(paths: SchedulePaths, { user }: ScheduleUser = {}): string {
  checkTexts(...Object.values(paths).flat(), user ?? '');
  if (user !== undefined && /\s/.test(user)) {
    throw invalid(`${quote(user)} cannot be a user in a crontab`, 'Give the name of a user of this system.');
  }
  const words = [paths.node, ...argumentsOf(paths)].map(cronWord);
  const who = user === undefined ? [] : [user];
  return [`${minuteOf(paths.home)}-59/10 * * * *`, ...who, CRON_PATH, ...words].join(' ');
}

/**
 * To cron, an unescaped % ends the command, whatever the shell's quotes (crontab(5)); and to some crons \\ is \ too, so no
 * two stand together. Outside of quotes, the shell takes away the backslash that a cron without such rules has left.
 */
const cronWord = (text: string) =>
  /^[\w./:@+=-]+$/.test(text)
    ? text
    : `'${text.replace(/['%]|\\(?=\\)/g, (char) => (char === '\\' ? `\\''` : `'\\${char}'`))}'`;

/** A file for /etc/cron.d, whose names may have no dot. */
export const cronFile = (paths: SchedulePaths, { user = 'root' }: ScheduleUser = {}): ScheduleFile =>
  utf8File(NAME, [`# ${DESCRIPTION}`, 'SHELL=/bin/sh', cronLine(paths, { user })]);

// --- Windows ---------------------------------------------------------------------------------------------------

/**
 * A task for `schtasks /Create /TN local-ca-deploy /XML FILE`, in UTF-16 as its own exports are. The elements' order is
 * the schema's ([MS-TSCH] 2.5). Not tested on Windows itself.
 */
export function windowsTask(paths: SchedulePaths, { user }: ScheduleUser = {}): ScheduleFile {
  checkTexts(...Object.values(paths).flat(), user ?? '');
  for (const path of Object.values(paths).flat()) checkVariables(path);
  const lines = [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    `  <RegistrationInfo><Description>${xmlText(DESCRIPTION)}</Description></RegistrationInfo>`,
    '  <Triggers>',
    '    <TimeTrigger>',
    '      <Enabled>true</Enabled>',
    `      <StartBoundary>2026-01-01T00:0${minuteOf(paths.home)}:00</StartBoundary>`,
    // Without a duration it repeats for ever.
    '      <Repetition><Interval>PT10M</Interval></Repetition>',
    '      <RandomDelay>PT5M</RandomDelay>',
    '    </TimeTrigger>',
    '  </Triggers>',
    '  <Principals>',
    '    <Principal id="Author">',
    ...(user === undefined ? [] : [`      <UserId>${xmlText(user)}</UserId>`]),
    // Whether the user is logged on or not, and without keeping a password.
    '      <LogonType>S4U</LogonType>',
    '      <RunLevel>HighestAvailable</RunLevel>',
    '    </Principal>',
    '  </Principals>',
    '  <Settings>',
    '    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
    '    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    '    <StartWhenAvailable>true</StartWhenAvailable>',
    '    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>',
    '  </Settings>',
    '  <Actions Context="Author">',
    '    <Exec>',
    `      <Command>${xmlText(paths.node)}</Command>`,
    `      <Arguments>${xmlText(argumentsOf(paths).map(windowsWord).join(' '))}</Arguments>`,
    '    </Exec>',
    '  </Actions>',
    '</Task>',
  ];
  const text = `\ufeff${lines.join('\r\n')}\r\n`;
  return { name: `${NAME}.xml`, bytes: new Uint8Array(Buffer.from(text, 'utf16le')) };
}

/** The Task Scheduler would put a variable's value there, and knows no escape. */
function checkVariables(path: string): void {
  if (!/%[^%]+%/.test(path)) return;
  throw invalid(`the Task Scheduler would take a part of ${quote(path)} for a variable`, 'Use a path without two %.');
}

/** As the C runtime splits a command line: backslashes count only before a quote, and there they are doubled. */
const windowsWord = (text: string) =>
  /^[^\s"]+$/.test(text) ? text : `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const xmlText = (text: string) => text.replace(/[&<>]/g, (char) => XML[char] ?? char);
