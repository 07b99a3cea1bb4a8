import type { Patch } from '../mutant.js';

/** Declares no capability. */
export const DECLARES_NOTHING: Patch = {
  file: 'rpc/world.js',
  find: 'capabilities: [...capabilities],',
  replace: 'capabilities: [],',
};

/** Finds the first gated field that a request sets, through every message in it. */
const FINDS_GATED_FIELDS = `
import { fieldCapabilities } from '@worldwire/proto';
function gatedField(schema, message) {
    for (const field of schema.fields) {
        const oneof = field.oneof;
        const value = oneof
            ? message[oneof.localName].case === field.localName ? message[oneof.localName].value : undefined
            : message[field.localName];
        const empty = value === undefined || value === '' || value === 0 || value === 0n || value === false ||
            (Array.isArray(value) && value.length === 0) ||
            (field.fieldKind === 'map' && Object.keys(value).length === 0);
        if (empty)
            continue;
        const capability = fieldCapabilities.get(schema.typeName + '.' + field.name);
        if (capability !== undefined)
            return capability;
        if (field.message === undefined || field.fieldKind === 'map' || field.message.typeName.startsWith('google.'))
            continue;
        for (const one of Array.isArray(value) ? value : [value]) {
            const found = gatedField(field.message, one);
            if (found !== undefined)
                return found;
        }
    }
    return undefined;
}
function undeclared(capability) {
    return refusal('CAPABILITY_NOT_DECLARED', 'this World does not declare it: see GetWorld', {
        capability: 'CAPABILITY_' + Capability[capability],
    });
}
/** Positions are nothing that a World without them shows. */
function withoutPositions(value) {
    if (Array.isArray(value)) {
        value.forEach(withoutPositions);
    }
    else if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array)) {
        if (value.$typeName === 'worldwire.v1.Event')
            value.position = 0n;
        if (value.$typeName === 'worldwire.v1.Run')
            value.lastPosition = 0n;
        Object.values(value).forEach(withoutPositions);
    }
    return value;
}
`;

/** Refuses every gated method and field, whatever is declared. */
export const REFUSES_GATED: readonly Patch[] = [
  {
    file: 'rpc/endpoints.js',
    find: 'if (capability === undefined || capabilities.includes(capability))',
    replace: 'if (capability === undefined)',
  },
  {
    file: 'rpc/endpoints.js',
    find: '/** Live calls that one process keeps open at most. */',
    replace: FINDS_GATED_FIELDS,
  },
  {
    file: 'rpc/endpoints.js',
    find: '            return await call.race(handler(request, call));',
    replace: `            const capability = gatedField(methods.get(name).input, request);
            if (capability !== undefined)
                throw undeclared(capability);
            return withoutPositions(await call.race(handler(request, call)));`,
  },
  {
    file: 'rpc/endpoints.js',
    find: 'function unaryOf(world, meter, name, handler) {',
    replace: `const methods = new Map([WorldService, EventService, RunService, StepService, HookService, WaitService,
    QueueService, StreamService, KeyService].flatMap((service) => service.methods.map((method) => [service.typeName + '/' + method.name, method])));
function unaryOf(world, meter, name, handler) {`,
  },
];

/** Serves the default project only. */
export const ONE_PROJECT: readonly Patch[] = [
  {
    file: 'rpc/credentials.js',
    find: "    if (header === undefined || header === '')\n        return DEFAULT_PROJECT;",
    replace: `    if (header === undefined || header === '' || header === DEFAULT_PROJECT)
        return DEFAULT_PROJECT;
    throw refusal('CAPABILITY_NOT_DECLARED', 'this World has one project', { capability: 'CAPABILITY_PROJECTS' });`,
  },
];
