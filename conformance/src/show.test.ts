import { create } from '@bufbuild/protobuf';
import { EscrowKeyRequestSchema, GetRunKeyResponseSchema } from '@worldwire/proto';
import { expect, test } from 'vitest';
import { show, showMessage } from './show.js';

test('shows no value of a field that is marked as a secret', () => {
  const key = new Uint8Array(32).fill(7);
  const request = create(EscrowKeyRequestSchema, { deploymentId: 'dpl', key });
  const response = create(GetRunKeyResponseSchema, { keyId: 'id', runKey: key });
  const shown = '{"deploymentId":"dpl","key":"[redacted]"}';
  expect(showMessage(EscrowKeyRequestSchema, request)).toBe(shown);
  expect(show(request)).toBe(shown);
  expect(show({ answers: [response] })).toBe('{"answers":[{"keyId":"id","runKey":"[redacted]"}]}');
});

test('shows that a secret is missing', () => {
  expect(show(create(GetRunKeyResponseSchema, { keyId: 'id' }))).toBe('{"keyId":"id"}');
});
