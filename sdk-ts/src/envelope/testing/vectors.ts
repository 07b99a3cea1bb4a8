import { readFileSync } from 'node:fs';
import type { CompressionPrefix, EnvelopeFailure } from '../index.js';

/** What a seal was made of; hexadecimal. `spec/vectors/README.md` says what each field is. */
export type SealInputs =
  | { readonly prefix: 'encr'; readonly nonce: string }
  | {
      readonly prefix: 'encp';
      readonly nonce: string;
      readonly recipientPublicKey: string;
      readonly ephemeralScalar: string;
      readonly ephemeralPublicKey: string;
      readonly contentKey: string;
    };

export interface DerivationVector {
  readonly name: string;
  readonly deploymentKey: string;
  readonly projectId: string;
  readonly runId: string;
  readonly runKey: string;
  readonly scalar?: string;
  readonly publicKey?: string;
}

export interface EnvelopeVector {
  readonly name: string;
  readonly plain: string;
  readonly compression?: CompressionPrefix;
  readonly compressed?: string;
  readonly seal?: SealInputs;
  readonly runId?: string;
  readonly runKey?: string;
  readonly payload: string;
}

export interface StreamVector {
  readonly name: string;
  readonly runId: string;
  readonly runKey: string;
  readonly chunks: readonly {
    readonly chunk: string;
    readonly plain: string;
    readonly seal: SealInputs;
  }[];
}

export interface RejectionVector {
  readonly name: string;
  readonly runId?: string;
  readonly runKey?: string;
  readonly publicKey?: string;
  readonly maxBytes?: number;
  readonly payload: string;
  readonly failure: EnvelopeFailure;
}

interface Made {
  readonly derivations: readonly DerivationVector[];
  readonly envelopes: readonly EnvelopeVector[];
  readonly streams: readonly StreamVector[];
}

const makers = ['core-4', 'core-5', 'vercel-workflow'].map((name) => read<Made>(name));

export const derivations = makers.flatMap((made) => made.derivations);
export const envelopes = makers.flatMap((made) => made.envelopes);
export const streams = makers.flatMap((made) => made.streams);
export const { rejections } = read<{ rejections: readonly RejectionVector[] }>('rejections');

export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function read<T>(name: string): T {
  const file = new URL(`../../../../spec/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}
