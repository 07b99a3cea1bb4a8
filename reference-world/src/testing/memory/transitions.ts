/**
 * What becomes of every event in every state, as tables. A cell is the reason of a refusal in capitals, `nothing` where
 * the state is as the event wants it, or the events written, and what changes.
 */

/** `ended` runs are completed, failed and cancelled ones; `purged` is ended with its payloads removed. */
export const RUN_EVENTS = `
event                    | absent                            | pending                                 | running                                 | ended             | cancelled         | purged            | retention 0
run_created              | run_created → run:pending         | RUN_ALREADY_EXISTS                      | RUN_ALREADY_EXISTS                      | RUN_ALREADY_EXISTS| RUN_ALREADY_EXISTS| RUN_ALREADY_EXISTS| RUN_ALREADY_EXISTS
run_started              | RUN_NOT_FOUND                     | run_started → run:running               | nothing                                 | RUN_GONE          | RUN_GONE          | RUN_GONE          | nothing
run_started with create  | run_created+run_started → run:running | run_started → run:running           | nothing                                 | RUN_GONE          | RUN_GONE          | RUN_GONE          | nothing
run_completed            | RUN_NOT_FOUND                     | run_completed → run:completed released  | run_completed → run:completed released  | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | run_completed → run:completed released purged
run_failed               | RUN_NOT_FOUND                     | run_failed → run:failed released        | run_failed → run:failed released        | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | run_failed → run:failed released purged
run_cancelled            | RUN_NOT_FOUND                     | run_cancelled → run:cancelled released  | run_cancelled → run:cancelled released  | RUN_ALREADY_ENDED | nothing           | RUN_ALREADY_ENDED | run_cancelled → run:cancelled released purged
attr_set by workflow     | RUN_NOT_FOUND                     | attr_set → run:pending                  | attr_set → run:running                  | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | attr_set → run:running
attr_set again           | RUN_NOT_FOUND                     | ATTRIBUTES_ALREADY_SET                  | ATTRIBUTES_ALREADY_SET                  | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | ATTRIBUTES_ALREADY_SET
attr_set by step         | RUN_NOT_FOUND                     | attr_set → run:pending                  | attr_set → run:running                  | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | attr_set → run:running
attr_set of a $key       | RUN_NOT_FOUND                     | ATTRIBUTE_INVALID                       | ATTRIBUTE_INVALID                       | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED | ATTRIBUTE_INVALID
`;

/**
 * `active`: pending or running. `delayed`: pending after one try, its retry time ahead; `due`: the same, its retry time
 * come. `lazy`: a step_started with name and input.
 */
export const STEP_EVENTS = `
event              | step      | absent        | active                                              | ended                              | purged
step_created       | absent    | RUN_NOT_FOUND | step_created → step:pending#0                       | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | pending   | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | delayed   | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | due       | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | running   | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | completed | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | failed    | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_created       | cancelled | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started       | absent    | RUN_NOT_FOUND | STEP_NOT_FOUND                                      | STEP_NOT_FOUND                     | STEP_NOT_FOUND
step_started       | pending   | -             | step_started → step:running#1                       | RUN_GONE                           | RUN_GONE
step_started       | delayed   | -             | TOO_EARLY                                           | RUN_GONE                           | RUN_GONE
step_started       | due       | -             | step_started → step:running#2                       | RUN_GONE                           | RUN_GONE
step_started       | running   | -             | step_started → step:running#2                       | RUN_GONE                           | RUN_GONE
step_started       | completed | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_started       | failed    | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_started       | cancelled | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_started lazy  | absent    | RUN_NOT_FOUND | step_created+step_started → step:running#1 created  | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | pending   | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | delayed   | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | due       | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | running   | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | completed | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | failed    | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_started lazy  | cancelled | -             | STEP_ALREADY_EXISTS                                 | RUN_ALREADY_ENDED                  | RUN_ALREADY_ENDED
step_completed     | absent    | RUN_NOT_FOUND | STEP_NOT_FOUND                                      | STEP_NOT_FOUND                     | STEP_NOT_FOUND
step_completed     | pending   | -             | step_completed → step:completed#0                   | step_completed → step:completed#0  | RUN_GONE
step_completed     | delayed   | -             | step_completed → step:completed#1                   | step_completed → step:completed#1  | RUN_GONE
step_completed     | due       | -             | step_completed → step:completed#1                   | step_completed → step:completed#1  | RUN_GONE
step_completed     | running   | -             | step_completed → step:completed#1                   | step_completed → step:completed#1  | RUN_GONE
step_completed     | completed | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_completed     | failed    | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_completed     | cancelled | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_failed        | absent    | RUN_NOT_FOUND | STEP_NOT_FOUND                                      | STEP_NOT_FOUND                     | STEP_NOT_FOUND
step_failed        | pending   | -             | step_failed → step:failed#0                         | RUN_GONE                           | RUN_GONE
step_failed        | delayed   | -             | step_failed → step:failed#1                         | RUN_GONE                           | RUN_GONE
step_failed        | due       | -             | step_failed → step:failed#1                         | RUN_GONE                           | RUN_GONE
step_failed        | running   | -             | step_failed → step:failed#1                         | step_failed → step:failed#1        | RUN_GONE
step_failed        | completed | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_failed        | failed    | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_failed        | cancelled | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_retrying      | absent    | RUN_NOT_FOUND | STEP_NOT_FOUND                                      | STEP_NOT_FOUND                     | STEP_NOT_FOUND
step_retrying      | pending   | -             | step_retrying → step:pending#0 delayed              | step_retrying → step:pending#0 delayed | RUN_GONE
step_retrying      | delayed   | -             | step_retrying → step:pending#1 delayed              | step_retrying → step:pending#1 delayed | RUN_GONE
step_retrying      | due       | -             | step_retrying → step:pending#1 delayed              | step_retrying → step:pending#1 delayed | RUN_GONE
step_retrying      | running   | -             | step_retrying → step:pending#1 delayed              | step_retrying → step:pending#1 delayed | RUN_GONE
step_retrying      | completed | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_retrying      | failed    | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
step_retrying      | cancelled | -             | STEP_ALREADY_ENDED                                  | STEP_ALREADY_ENDED                 | STEP_ALREADY_ENDED
`;

/**
 * The hook's column says which hook of the run has the id: none, a live one, a disposed one, or one that a conflict kept
 * from existing. A held token is another hook's: of an active run; `retained` or `lapsed` of an ended one, by whether
 * its retention is over; `unretained` of an ended one that asked for none.
 */
export const HOOK_EVENTS = `
event                          | hook       | absent         | active                                       | ended             | purged
hook_created, free token       | absent     | RUN_NOT_FOUND  | hook_created → hook:live                     | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, free token       | live       | -              | HOOK_ALREADY_EXISTS                          | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, free token       | disposed   | -              | HOOK_ALREADY_EXISTS                          | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, free token       | conflicted | -              | HOOK_ALREADY_EXISTS                          | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, held token       | absent     | RUN_NOT_FOUND  | hook_conflict → hook:conflicted              | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, held token       | live       | -              | HOOK_ALREADY_EXISTS                          | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, own token        | absent     | RUN_NOT_FOUND  | hook_conflict → hook:conflicted              | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, retained token   | absent     | RUN_NOT_FOUND  | hook_conflict → hook:conflicted              | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, lapsed token     | absent     | RUN_NOT_FOUND  | hook_created → hook:live takeover            | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, unretained token | absent     | RUN_NOT_FOUND  | hook_created → hook:live takeover            | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_created, long retention   | absent     | RUN_NOT_FOUND  | HOOK_RETENTION_TOO_LONG                      | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
hook_received                  | absent     | HOOK_NOT_FOUND | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_received                  | live       | -              | hook_received →                              | RUN_GONE          | RUN_GONE
hook_received                  | disposed   | -              | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_received                  | conflicted | -              | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_received, new resume      | absent     | HOOK_NOT_FOUND | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_received, new resume      | live       | -              | hook_received → resume                       | RUN_GONE          | RUN_GONE
hook_received, same resume     | absent     | -              | repeats 7                                    | repeats 7         | repeats 7
hook_received, same resume     | live       | -              | repeats 7                                    | repeats 7         | repeats 7
hook_received, same resume     | disposed   | -              | repeats 7                                    | repeats 7         | repeats 7
hook_received, other digest    | live       | -              | RESUME_CONFLICT                              | RESUME_CONFLICT   | RESUME_CONFLICT
hook_received, other hook      | live       | -              | RESUME_CONFLICT                              | RESUME_CONFLICT   | RESUME_CONFLICT
hook_disposed                  | absent     | HOOK_NOT_FOUND | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_disposed                  | live       | -              | hook_disposed → disposed                     | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_disposed                  | disposed   | -              | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
hook_disposed                  | conflicted | -              | HOOK_NOT_FOUND                               | HOOK_NOT_FOUND    | HOOK_NOT_FOUND
`;

/** The end of a run removes its waits: a wait of an ended run is there in no store, and the rules hold even so. */
export const WAIT_EVENTS = `
event          | wait      | absent        | active                          | ended             | purged
wait_created   | absent    | RUN_NOT_FOUND | wait_created → wait:waiting     | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
wait_created   | waiting   | -             | WAIT_ALREADY_EXISTS             | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
wait_created   | completed | -             | WAIT_ALREADY_EXISTS             | RUN_ALREADY_ENDED | RUN_ALREADY_ENDED
wait_completed | absent    | RUN_NOT_FOUND | WAIT_NOT_FOUND                  | WAIT_NOT_FOUND    | WAIT_NOT_FOUND
wait_completed | waiting   | -             | wait_completed → wait:completed | WAIT_NOT_FOUND    | WAIT_NOT_FOUND
wait_completed | completed | -             | WAIT_ALREADY_COMPLETED          | WAIT_NOT_FOUND    | WAIT_NOT_FOUND
`;

/** One cell with the names of its row's first columns and of its own. */
export interface Cell {
  readonly event: string;
  /** The state of the entity, where the table has that column. */
  readonly entity: string;
  readonly run: string;
  readonly expected: string;
}

/** Reads a table; cells with `-` cannot be. */
export function cellsOf(table: string, hasEntity: boolean): Cell[] {
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const [heads, ...body] = rows as [string[], ...string[][]];
  const first = hasEntity ? 2 : 1;
  return body
    .flatMap((row) =>
      heads.slice(first).map((run, index) => ({
        event: row[0]!,
        entity: hasEntity ? row[1]! : '',
        run,
        expected: row[first + index]!,
      })),
    )
    .filter(({ expected }) => expected !== '-');
}
