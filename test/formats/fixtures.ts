/**
 * Certificates and a key for the tests of this room, made once by OpenSSL: what they say does not matter here, only that
 * their bytes come through. Also key stores in the old encryptions that local-ca reads and never writes.
 */
import { createHash } from 'node:crypto';
import { children, concatBytes, readElement } from '../../src/core/der.ts';
import type { KeyEntry, StoreEntry, TrustedEntry } from '../../src/formats/entries.ts';
import { decodePem } from '../../src/formats/pem.ts';

export const rootPem = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUPmggVtyl3iuCl+TpGLQRDuNC5RswCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMRm9ybWF0cyBSb290MCAXDTI2MTEyMjAxMTM1MVoYDzIxMDAx
MDI1MDExMzUxWjAXMRUwEwYDVQQDDAxGb3JtYXRzIFJvb3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAT9r1rEtS4GjE5jrIattV1JYNFPX81A+HbRfSEvxOIGvBF2
I3kkAtA/43E3/nEOTwKeI1hoF1FERRQnHtPlmWDbo2MwYTAdBgNVHQ4EFgQUTK3p
rfFwiBmsdrjAWjsSB2fbN8swHwYDVR0jBBgwFoAUTK3prfFwiBmsdrjAWjsSB2fb
N8swDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwID
SAAwRQIgQ0SA5Mzq+q8Q08SisNl0lYc4BKtGot8uEXQRoYFrjucCIQCehXRdo1xa
e6tkD6lXx8lDiohbuGxMAy9euFZXM4FfsA==
-----END CERTIFICATE-----
`;

export const intermediatePem = `-----BEGIN CERTIFICATE-----
MIIBjjCCATOgAwIBAgIBAjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxGb3JtYXRz
IFJvb3QwIBcNMjYxMTIyMDExMzUxWhgPMjEwMDEwMjUwMTEzNTFaMB8xHTAbBgNV
BAMMFEZvcm1hdHMgSW50ZXJtZWRpYXRlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEUiwU8v3Ffn5TMtSoXLGo7jjxFEkbs78oQmgNJ5c/KGNagITu4PQzkfv64EBZ
+F6HirhWaGlhWbyqEOvWrAB+UaNmMGQwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNV
HQ8BAf8EBAMCAQYwHQYDVR0OBBYEFO0FXqk2wUZXL/9nvk3cI6gyDuY7MB8GA1Ud
IwQYMBaAFEyt6a3xcIgZrHa4wFo7Egdn2zfLMAoGCCqGSM49BAMCA0kAMEYCIQDz
cpmeOXPDcieJXNoMqqtae2ry2qKdRhQrmPFRvWkR0wIhAOFIrpiGZO/VXJqQP+qo
ViIGRPikF2sPDgHFj/W44D3Z
-----END CERTIFICATE-----
`;

export const leafPem = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS6gAwIBAgIBAzAKBggqhkjOPQQDAjAfMR0wGwYDVQQDDBRGb3JtYXRz
IEludGVybWVkaWF0ZTAgFw0yNjExMjIwMTEzNTFaGA8yMTAwMTAyNTAxMTM1MVow
GjEYMBYGA1UEAwwPZGIuZXhhbXBsZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEqzvSOAhpVQpdWC/p2kOL1BgPD6HbpS11Y5yDiA9piwiwLdWvNd5ace20
+z9VpF1aeirxw2yhW5dXXaupErLPO6NeMFwwGgYDVR0RBBMwEYIPZGIuZXhhbXBs
ZS50ZXN0MB0GA1UdDgQWBBR+9WeDGN2B0fJ01l/gopnGK+WjHzAfBgNVHSMEGDAW
gBTtBV6pNsFGVy//Z75N3COoMg7mOzAKBggqhkjOPQQDAgNIADBFAiEA0VTYiu52
PzvMKO7bEGT3pONyVvygkbYBO5zXuWyIJrECIG37XC7JAY5OnKwNo+ImX+zKnz5X
xRs1xGau8QWlOHrx
-----END CERTIFICATE-----
`;

export const leafKeyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOEL3PyZk0obRcJdh
eGyFPvEdO9qBtXRr+1x1VECkkh2hRANCAASrO9I4CGlVCl1YL+naQ4vUGA8Podul
LXVjnIOID2mLCLAt1a813lpx7bT7P1WkXVp6KvHDbKFbl1ddq6kSss87
-----END PRIVATE KEY-----
`;

const derOf = (pem: string): Uint8Array => (decodePem(pem)[0] as { der: Uint8Array }).der;

export const root = derOf(rootPem);
export const intermediate = derOf(intermediatePem);
export const leaf = derOf(leafPem);
export const leafKey = derOf(leafKeyPem);

export const keyEntry: KeyEntry = { kind: 'key', alias: 'server', key: leafKey, chain: [leaf, intermediate] };
export const trustedEntry: TrustedEntry = { kind: 'trusted', alias: 'root', certificate: root };
export const mixed: readonly StoreEntry[] = [keyEntry, trustedEntry];

/** Randomness that repeats itself for the same seed. */
export function seeded(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  const block = () => createHash('sha256').update(`${seed} ${counter++}`).digest();
  return (length) =>
    new Uint8Array(Buffer.concat(Array.from({ length: Math.ceil(length / 32) }, block)).subarray(0, length));
}

/** `openssl pkcs12 -export -legacy`: RC2-40 certificates, 3DES key, SHA-1 MAC. Password "secret1". */
export const rc2With40Bits = new Uint8Array(
  Buffer.from(
    'MIIHRQIBAzCCBwsGCSqGSIb3DQEHAaCCBvwEggb4MIIG9DCCBc8GCSqGSIb3DQEHBqCCBcAwggW8AgEAMIIFtQYJKoZIhvcNAQcBMBwGCiqGSI' +
      'b3DQEMAQYwDgQIbE641Ka8akUCAggAgIIFiOnz3GSItDL0GeOg9e89quqdeBETiK7+41mNQC1Ok6Ry29vpcOSK3hNh76L4qVhAEKSS6s83Woss' +
      'M/qBKZ07QNw4VN+E8D2bHZSsJo0aNcOgT3/SM38NB4l99JKNOiFUKnqf39fP9fYsat6I6bDmCDDGH0AT/a7vI/CqyRLh7TCMnhfVp24oWBfCaa' +
      'ckZ/P9dt+14eIWLJ4QP9b/Lb1WOBZeIApY6OIw870dApVUADO//kvtzugqstQ+sfe7t/hNlMVOAIPIBLH58n5uZPPTxoLvoIE5gAmHwChtnBAo' +
      'TUI4zC5dGCmXGA2gg0E4fC6W+rm+dT5gziJC/SjP8WzEDAKTNsR17oboLzPtbMoh1DS8+kSFwLaEGtywuuY+gulyWexuNWz3kwWeg0gM3ZksQJ' +
      'yX6TUTrgJviDe47BPlFQXvrqwRatY/S09CXUjYDSdlpoAuSGlkYieTpxyh0d8yX1TjiW7irgPEPvXEorUaXC0wUFzy4YsbUJqS9QeOMeK2hc+i' +
      'iC9sFLddOBFFIXgLXVxKje6DuvxkESgN5xXj+F82OkwG1y+sVOfYEBYl9HW7m8uLhDpeiRakTNzwkgVvrBlP3RGaCA11mhD0Pzb3CVA5rfJXBU' +
      'ZcDz3rIaqLesobABjqSRejBBQtklP0QaOiKioe52F+1PyAzkizqaURw95T3b553nPo+sqT34lsFHb19T+C3aZCe5BEEE5Apr50FDifNp2GkbFS' +
      'hq20h97VmfwlqgqBp2ffun9xmb9g1SCz6YxawO6Gkm7X2LzotMn+jr+FZSQRwuqkSVXcrtf9zlR+Uf63imFjK3b50VovHWvKA4aABYaK/O1qnN' +
      'nvP7GyPBsPD5BsJNC+LfxCLjXBYV3KAFBwhAO+w8fEI40BkUhCZLnSxEwVVpMCEvUDIdmRm2Bw0kfxLmgXDMt03kJn7wr4/QE7+W6YoXOihs5y' +
      'NNP6fawvxgf1lqSLihvqxpMFgEMkehqmsefuBrthKD+lvHrbfNWmkU2YS9/suddUWhVlTHoB+WSIZ1wHr61dJD/ZhhKl2mbsItCZWjDQxmublG' +
      '6m6ZtyhuvYuvU+cddMq/afJ6sHgVZIwPGMpyGjTS28tLnMs71gDJcb3AxQsyg/8z4PSAJNXH/Bggxk+KTSnfzrfKej+ojrXiH1HzqTDXgGaQwa' +
      'BdHJqQFu8SFJZKztsiW8T0MZN3qqp9n7z4IDG2wVRhVkEJwCrZF4OqBGxhKO1S+6O7wDkHlWlqqt1nEQHl7uEmfn37p7wsrI5meH3Wqymyem8u' +
      'sJRfzmqd5S1n99SxU97r4Btg34Jx4K5W5rWwmvwjVdEVc6BorKCWYq2+yrXcV7eAMJJBM0q3DjCCGcwc8qB5fuig5WAyX3zfPKyayLshWIshOf' +
      'NcEUIzKW87FABiE5gOMrw0XdlJ/CpBWYiLJgEWiI5VAVplzUoJm0HK6ZjMXaBYuQYr9bQsJRuZaWHs5UDUYWjBdbMypEKGmRIpxUG3Jg2CbSIW' +
      '99JBYX0QjZApZcd413L2l7XW5mnBBTOVvKz88PKXnaGkVCP4L+n2JqJpbvWDzqTBstkOz069uOkfaQs/+ZebGZdw4czoBmMyJ/6pTvHWJemo78' +
      'bhYZUa2MkTkvTfD/oA7qFqBYj8TRj9Xe8YaNqc4P2wnKB5+q5FdXcv8N0eT7DMix1EbWxOCgfcaYnhw7Id/HqvDUV6s2vilWko/wu7/+yI1mZG' +
      '259ORpbwM0hl6s3agN0XaT3MljIpkzddjsyvMEwu1kmKF8O8kCh/vCtZq0j9FXuldU9bRTj8HKeIxe5dTJYhfMgzM35+cyhSOZmt1l8BVeqJEv' +
      'Up3zXZLL0Qephbv1558zC0oL5FHswA/zNkcH0W/ymgxhHukY28qwzjCCAR0GCSqGSIb3DQEHAaCCAQ4EggEKMIIBBjCCAQIGCyqGSIb3DQEMCg' +
      'ECoIG0MIGxMBwGCiqGSIb3DQEMAQMwDgQIFWn27VCw0aoCAggABIGQ1aRgrbyJwC647QhQg80V51mTx23szR2j6LcUT+Th4Ry70v2DEC4kWEZP' +
      'S+ZeTXs0SaUKP+ZI8eCDcnfRst39ShtQs6ITwvzfl0IlxaEKCkmq/NfJF9CurpcTXmmAF3uhb+DnkQ93m76FhblDaPucBy9vSr3hy7Fj5O3lVg' +
      'mvvbmpQ66MJiMUmSdqTQbyhX/NMTwwFQYJKoZIhvcNAQkUMQgeBgBvAGwAZDAjBgkqhkiG9w0BCRUxFgQU8GJ3uTVSeMOafkox3v8dCsppQzsw' +
      'MTAhMAkGBSsOAwIaBQAEFOTdZWy4TUYJwsu23V04d9gNZCjnBAiZncEPB5zGMgICCAA=',
    'base64',
  ),
);

/** The same with RC2-128 for both, and the leaf alone. */
export const rc2With128Bits = new Uint8Array(
  Buffer.from(
    'MIIDzQIBAzCCA4MGCSqGSIb3DQEHAaCCA3QEggNwMIIDbDCCAkcGCSqGSIb3DQEHBqCCAjgwggI0AgEAMIICLQYJKoZIhvcNAQcBMBwGCiqGSI' +
      'b3DQEMAQUwDgQIPijFkBaqSysCAggAgIICAK7KmA+MIaSIrI0KF76zs9I8QREsQUlrEsg2Gzwk48F9JRlP6pVySX5/wb/xCoz51aP8eZb+hWG0' +
      'Jxt4n56E3+8GiDpAZ71vjvMryFg8iphPFfc4QykldUdTIo9pRJA2X5WSnIKv9+5sfOCvR6Xe8pGyaZgUPXTsUC9uQ8clfzP5E3DyXNw4NdhDP0' +
      'gmVmbGiH8Vh7v4qyaJy3j8Q+pRkbZ6q0dlifHxYUrH2C5xNrQourVaWZ8B4iRMG/gvdefhUD7v/UPOlzx899UYnDjvkVyoSczTtr2IYw4B9z7S' +
      'Q3TP/VEFogHVKWRN51gV3taisvS09YmvnnyN8sTYic6gpUs2ezNnP0oHokqErkp35VhR0WeFxBVqf36J63bORExlzhSiSqInYw4efEr1pMwp3E' +
      '8EV/jFpJGhn8CRqrI+VmOG5jnH26ov0p2D4di41BK17JsrHRupXvbhQwBAJqU+TjqpOjNQaASpYVzjevEL7j0EpCA0xRj1PjOoUu9JjA6WqBVB' +
      'MMiexT+EPoHWMR8Pxvw/d0o3pU7bMRoRZBvnKv4dknFyOT+b8G+mLvBnh0W3K4UPjW3Z64H/dYDCLuxBPVFu9M4yTJrijKzVjKVHQsbulo6LAX' +
      'N0McX4X1jqtaFXfTWeTJk852VbjuYkOgnr1x+DlCUnX4tKS1EsYrY17GAZMIIBHQYJKoZIhvcNAQcBoIIBDgSCAQowggEGMIIBAgYLKoZIhvcN' +
      'AQwKAQKggbQwgbEwHAYKKoZIhvcNAQwBBTAOBAh+5EK6X6/PGgICCAAEgZB90mVeoENivbtaZtetPUbb81xeQK+mz+1GDr1tewqOSYlwCDiepk' +
      'YSxkAMZNcKSLI3+XfLG3EA9Hb0AILzdIluRfDEQW4D0qoNqsTibOXpPfRFjPTYwgj310uNdgW+/Wo3LEyoFDyO+JWlyqIZvi1ir/hRHs1W/wT7' +
      'SZ/zuGXrvYXPzs5BKWEJCt8XuVS83oMxPDAVBgkqhkiG9w0BCRQxCB4GAG8AbABkMCMGCSqGSIb3DQEJFTEWBBTwYne5NVJ4w5p+SjHe/x0Kym' +
      'lDOzBBMDEwDQYJYIZIAWUDBAIBBQAEIPk0562UoaLhqOUJRRcP9FKSam5Fo3ycQKGXsJECb9VzBAj4isArpRm49gICCAA=',
    'base64',
  ),
);

/** The outer elements, `depth` deep along the largest child, in BER's indefinite lengths, as Windows and NSS write. */
export function asIndefinite(der: Uint8Array, depth: number): Uint8Array {
  const element = readElement(der);
  if (depth === 0) return der;
  const parts = children(element);
  const largest = Math.max(...parts.map(({ bytes }) => bytes.length));
  const inner = parts.map(({ bytes }) => (bytes.length === largest ? asIndefinite(bytes, depth - 1) : bytes));
  return concatBytes(Uint8Array.of(element.tag, 0x80), ...inner, Uint8Array.of(0, 0));
}
