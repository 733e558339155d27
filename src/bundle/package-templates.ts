import { fileURLToPath } from 'node:url';

/** The templates that come with the package: `src/bundle` and `dist/bundle` are equally deep. */
export const PACKAGE_TEMPLATES = fileURLToPath(new URL('../../templates', import.meta.url));
