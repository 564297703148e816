// Mutations: deliberate faults in the engine that the simulator must notice, or it proves nothing.
//
// In the product mutated() is the constant false and the compiler removes the branch. The test
// `sim_mutants` compiles the same sources once more with TIDEMILL_MUTATIONS and turns them on one
// by one.
#pragma once

namespace tidemill {

enum class Mutation {
  none,
  // Order of effects.
  commit_before_sinks,    ///< Progress becomes durable although a sink has not written yet.
  ack_before_commit,      ///< The source forgets events whose effects are not written.
  ack_before_sync,        ///< The source forgets events whose effects a power cut can take back.
  forget_failed_ack,      ///< The source is told once, whether it takes the ack or not.
  ignore_sink_refusal,    ///< An effect that its sink refused counts as written.
  keep_rows_of_the_dead,  ///< An event that died at a sink still changes its rows.
  send_the_unsettled,     ///< Sinks get effects of events that have not settled.
  write_all_again,        ///< One busy effect brings along all that were written with it.
  write_alone_again,      ///< A busy effect leaves behind what has to stay behind it.
  // Progress.
  forget_settled_ranges,  ///< What settled ahead of a hole is not remembered.
  skip_failed_event,      ///< A failed event does not pin `next`.
  dead_without_progress,  ///< A dead-lettered event is not settled.
  // Policy.
  one_attempt_more,         ///< Events are tried once more than the policy says.
  one_attempt_less,         ///< Events are given up one try too early.
  bisect_off_by_one,        ///< The first event of the right half is in neither half.
  right_half_first,         ///< A split batch runs its right half before its left one.
  settle_behind_a_failure,  ///< In an ordered batch, what stands behind a failed event settles.
  settle_behind_a_key,      ///< In a keyed batch, what stands behind a failed event settles.
  overtake_a_key,           ///< What comes behind an event in back-off does not wait for its key.
  retry_behind_the_rest,    ///< A failed batch goes to the end of its lane.
  slice_by_offset,          ///< One key's events are spread over several lanes.
  forget_max_age,           ///< Old events are tried as if they were young.
  // Batches and credits.
  batch_one_too_many,  ///< A batch takes one event more than its limit.
  keep_open_window,    ///< The last batch waits for more although the source has ended.
  forget_credit,       ///< A dead event's credit is not given back.
  endless_credit,      ///< The source is asked for more than there is room for.
  // Dedupe.
  lose_dedupe_mark,       ///< A settled event's id is not written down.
  ignore_ids_in_flight,   ///< Only ids that are stored make a duplicate.
  duplicate_not_settled,  ///< The source is never told that it may forget a duplicate.
  // Replies to senders that wait.
  lose_reply,      ///< Whoever sends an event again is told nothing.
  tell_the_first,  ///< The first sender of a batch is told what was replied to any.
  // Commits.
  lose_last_part,        ///< A commit group loses its last part and reports it as written.
  visible_before_write,  ///< Reads claim to have seen commits that are not written.
  go_on_after_failure,   ///< A failed write counts as written.
  sync_when_idle,        ///< Periodic commits are synced only when no commit waits.
  ignore_stale_reads,    ///< What a function read may have changed when its effects commit.
  trust_the_unwatched,   ///< Only the first read of a table that nobody watched is refused.
  // Outboxes.
  deliver_after_removal,  ///< A queued effect leaves its outbox before its sink has it.
  lose_queued_effect,     ///< The last effect for an outbox is not written.
  queue_effect_twice,     ///< The last effect for an outbox is written twice.
  deliver_backwards,      ///< What waits in an outbox goes to its sink from the back.
  // Replays.
  replay_twice,          ///< What is under way is handed out again.
  keep_replayed_letter,  ///< A letter stays although its replay has settled.
  bury_replay_anew,      ///< A replay that fails makes a second letter.
  forget_failed_replay,  ///< A letter goes although its replay has failed.
  // Streams.
  lose_record,          ///< The last record that a batch puts into a stream is not written.
  keep_taken_entry,     ///< An entry that settles does not leave its queue.
  forget_groups,        ///< Entries of one group are handed out in any order, at once.
  wake_before_written,  ///< Readers are told of records when they are submitted, and not again.
  trim_too_far,         ///< The front of a queue moves over an entry that is not settled.
  // Transactions.
  commit_without_intent,      ///< What a transaction's commits change is written down by nobody.
  apply_before_transaction,   ///< State changes before its transaction takes place.
  drop_intent_that_happened,  ///< After a crash, what a transaction has done is not known here.
  // Archives.
  unsynced_note,  ///< A power cut can take back what an object is to hold when it is there.
  keep_archived,  ///< What is in an object stays staged.
  rename_object,  ///< An object that could not be finished is tried again under another name.
  // Steps.
  skip_too_far,             ///< A filtered event settles those before it too.
  never_settle_filtered,    ///< Nobody is told that a filtered event is settled.
  forget_mark_of_filtered,  ///< A filtered event's repeat is held for ever.
  invoke_filtered,          ///< A filter lets everything pass.
  ignore_when,              ///< A sink gets what its `when` leaves out.
  bury_the_mapped,          ///< A dead letter has what a map made, not what the source gave.
  // Windows of event time.
  count_the_late,         ///< An event whose window has closed is counted there.
  forget_watermark,       ///< What a partition has seen is not restored with its progress.
  judge_by_what_settled,  ///< An event is late by what has settled, not by what came before it.
  close_too_early,        ///< Windows close by what was seen, although not all of it has settled.
};

#ifdef TIDEMILL_MUTATIONS
inline Mutation active_mutation = Mutation::none;
inline bool mutated(Mutation mutation) { return active_mutation == mutation; }
#else
constexpr bool mutated(Mutation) { return false; }
#endif

}  // namespace tidemill
