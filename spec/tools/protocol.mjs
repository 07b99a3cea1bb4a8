import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, fromBinary, getOption } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ENUM_VALUE = [5, 2];
const MESSAGE_FIELD = [4, 2];

/** Reads the protocol's definitions with their comments: `{ errors, capabilities, limits }`. */
export function readProtocol() {
  const buf = spawnSync('node_modules/.bin/buf', ['build', '--as-file-descriptor-set', '-o', '-'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (buf.status !== 0) throw new Error('buf cannot build the protocol');
  const set = fromBinary(FileDescriptorSetSchema, buf.stdout);
  const registry = createFileRegistry(set);
  return {
    errors: errorsOf(registry),
    capabilities: capabilitiesOf(registry),
    limits: limitsOf(registry),
  };
}

function errorsOf(registry) {
  const rule = registry.getExtension('worldwire.v1.error_rule');
  return valuesOf(registry, 'worldwire.v1.ErrorReason', 'ERROR_REASON_').map(
    ({ name, value, comment }) => {
      const { code, retryable, upstreamClass, upstreamStatus } = getOption(value, rule);
      return { reason: name, code, retryable, upstreamClass, upstreamStatus, comment };
    },
  );
}

function capabilitiesOf(registry) {
  const rule = registry.getExtension('worldwire.v1.capability_rule');
  return valuesOf(registry, 'worldwire.v1.Capability', 'CAPABILITY_').map(
    ({ name, value, comment }) => {
      const { methods, fields } = getOption(value, rule);
      return { capability: name, comment, methods, fields };
    },
  );
}

function limitsOf(registry) {
  const message = registry.getMessage('worldwire.v1.Limits');
  return message.fields.map((field, index) => ({
    limit: field.name,
    comment: commentOf(message.file, MESSAGE_FIELD, indexOf(message), index),
  }));
}

function valuesOf(registry, typeName, prefix) {
  const type = registry.getEnum(typeName);
  return type.values
    .map((value, index) => ({
      name: value.name.slice(prefix.length),
      value,
      comment: commentOf(type.file, ENUM_VALUE, indexOf(type), index),
    }))
    .filter(({ value }) => value.number !== 0);
}

function indexOf(type) {
  const { enumType, messageType } = type.file.proto;
  return (type.kind === 'enum' ? enumType : messageType).indexOf(type.proto);
}

/** The leading comment of a member, on one line. */
function commentOf(file, [outer, inner], typeIndex, index) {
  const path = [outer, typeIndex, inner, index].join();
  const found = file.proto.sourceCodeInfo?.location.find(
    (location) => location.path.join() === path,
  );
  return (found?.leadingComments ?? '').trim().replace(/\s+/g, ' ');
}
