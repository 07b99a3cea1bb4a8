import type { Mutant } from '../../mutant.js';
import { changesJson } from './body.js';

/** Worlds that read or write JSON in a way of their own. */
export const jsonMutants: readonly Mutant[] = [
  {
    name: 'enums-as-numbers',
    says: 'writes enum values as numbers in JSON',
    patches: [
      {
        file: 'rpc/router.js',
        find: 'ignoreUnknownFields: false,',
        replace: 'ignoreUnknownFields: false, enumAsInteger: true,',
      },
    ],
    kills: ['wire/json-written'],
  },
  {
    name: 'times-without-offset',
    says: 'reads times in JSON as if they had no offset',
    patches: [changesJson(`.replace(/[+-]\\d\\d:\\d\\d"/g, 'Z"')`)],
    kills: ['wire/json-read'],
  },
  {
    name: 'camel-case-only',
    says: 'takes fields in JSON by their lowerCamelCase names only',
    patches: [changesJson(`.replaceAll('"run_id"', '"run_id_"')`)],
    kills: ['wire/json-names'],
  },
  {
    name: 'enum-names-only',
    says: 'takes enum values in JSON by their names only',
    patches: [changesJson(`.replace(/"sortOrder":\\d/, '"sortOrder":"none"')`)],
    kills: ['wire/json-forms'],
  },
  {
    name: 'lenient-json',
    says: 'takes what is nearly JSON',
    patches: [changesJson(`.replaceAll("'", '"')`)],
    kills: ['wire/json-malformed'],
  },
];
