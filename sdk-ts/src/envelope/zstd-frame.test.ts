import { expect, it } from 'vitest';
import { isWholeFrame } from './zstd-frame.js';

// Frames of RFC 8878's shapes: header, then blocks of 3 bytes and what they hold, then perhaps a checksum.
const MAGIC = '28b52ffd';
const WHOLE = {
  'a window, an empty block': `${MAGIC}00${'50'}010000`,
  'a size of 1 byte, a raw block of 2': `${MAGIC}20${'02'}110000${'6162'}`,
  'a size of 2 bytes': `${MAGIC}60${'0000'}010000`,
  'a size of 4 bytes': `${MAGIC}a0${'00000000'}010000`,
  'a size of 8 bytes': `${MAGIC}e0${'0000000000000000'}010000`,
  'a dictionary id of 1 byte': `${MAGIC}01${'50'}${'07'}010000`,
  'a dictionary id of 4 bytes': `${MAGIC}03${'50'}${'07000000'}010000`,
  'a byte that is repeated 65,536 times': `${MAGIC}00${'50'}030008${'61'}`,
  'two blocks': `${MAGIC}00${'50'}080000${'61'}090000${'62'}`,
  'a checksum': `${MAGIC}04${'50'}010000${'99e9d851'}`,
};

it.each(Object.entries(WHOLE))('knows a whole frame with %s', (_, frame) => {
  const bytes = Buffer.from(frame, 'hex');
  expect(isWholeFrame(bytes)).toBe(true);
  expect(isWholeFrame(bytes.subarray(0, -1))).toBe(false);
  expect(isWholeFrame(Buffer.concat([bytes, Buffer.of(0)]))).toBe(false);
});

it('knows what is no frame', () => {
  for (const bytes of ['', MAGIC, 'fd2fb52800500100', '1f8b08000000000000', '502a4d1800000000'])
    expect(isWholeFrame(Buffer.from(bytes, 'hex'))).toBe(false);
});
