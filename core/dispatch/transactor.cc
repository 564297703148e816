#include "core/dispatch/transactor.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/verdict.h"

namespace tidemill {
namespace {

bool is_waited_for(Fault fault) { return passes(fault) || fault == Fault::cancelled; }

std::size_t bytes_of(const std::vector<Effect>& effects) {
  std::size_t bytes = 0;
  for (const Effect& effect : effects) bytes += effect.key.size() + effect.data.size();
  return bytes;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void append(CommitPart& to, const CommitPart& from) {
  append(to.rows, from.rows);
  append(to.logs, from.logs);
  append(to.objects, from.objects);
  append(to.settled_ids, from.settled_ids);
  append(to.dead_letters, from.dead_letters);
  append(to.replayed, from.replayed);
  append(to.queued, from.queued);
  append(to.delivered, from.delivered);
  append(to.appended, from.appended);
  append(to.removed, from.removed);
  append(to.trimmed, from.trimmed);
  append(to.windows_over, from.windows_over);
}

}  // namespace

Transactor::Transactor(Shared shared, TransactionalSink& sink, Config config)
    : shared_(shared), sink_(sink), config_(std::move(config)), wake_(shared.scheduler) {}

Task<Result<>> Transactor::open(std::span<StreamOutlet* const> outlets) {
  auto intent = shared_.store.intent(config_.id);
  if (!intent) {
    shared_.sequencer.look_at(intent.error());
    co_return std::unexpected(intent.error());
  }
  if (*intent && (*intent)->sink != config_.sink)
    co_return fail(Fault::bad_config, "nobody knows yet whether the last transaction of sink " +
                                          (*intent)->sink +
                                          " took place; run the pipeline with that sink once more");
  std::optional<InDoubt> doubt;
  if (*intent) doubt = InDoubt{(*intent)->number, (*intent)->since};
  const auto last = co_await sink_.recover(doubt);
  if (!last) co_return std::unexpected(last.error());
  last_ = *last;
  if (!*intent) co_return Result<>();
  const bool happened = last_ >= (*intent)->number && !mutated(Mutation::drop_intent_that_happened);
  CommitPart part{.pipeline = config_.id};
  if (happened) part = *(*intent)->part;
  part.ends_intent = true;
  for (StreamOutlet* outlet : outlets) outlet->submitted(part);
  const auto committed = co_await shared_.sequencer.commit(part, Durability::sync);
  if (!committed) co_return std::unexpected(committed.error());
  for (StreamOutlet* outlet : outlets) outlet->committed(part);
  shared_.log.write(LogLevel::info, config_.pipeline + ": transaction " +
                                        std::to_string((*intent)->number) + " of sink " +
                                        config_.sink +
                                        (happened ? " had taken place: so does what belongs to it"
                                                  : " had not taken place: its events come again"));
  co_return Result<>();
}

Task<Result<std::uint64_t>> Transactor::commit(Share share) {
  if (failure_) co_return std::unexpected(*failure_);
  Result<std::uint64_t> outcome = 0;
  auto enqueue = [this, &share, &outcome](auto handler) {
    auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    waiting_.push_back({&share, &outcome, std::move(resume)});
    if (!std::exchange(working_, true)) spawn(shared_.scheduler, work());
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      enqueue, boost::asio::use_awaitable);
  co_return outcome;
}

void Transactor::stop() {
  stopping_ = true;
  wake_.notify();
}

Task<> Transactor::work() {
  while (!waiting_.empty()) {
    Group group = next_group();
    Result<std::uint64_t> outcome = 0;
    if (failure_) {
      outcome = std::unexpected(*failure_);
    } else {
      outcome = co_await carry_out(group);
    }
    trouble_.clear();
    if (!outcome) failure_ = outcome.error();
    answer(std::move(group), outcome);
  }
  working_ = false;
}

Transactor::Group Transactor::next_group() {
  Group group;
  std::size_t effects = 0;
  std::size_t bytes = 0;
  while (!waiting_.empty()) {
    const std::vector<Effect>& next = waiting_.front().share->effects;
    effects += next.size();
    bytes += bytes_of(next);
    if (!group.empty() && (effects > effects_max || bytes > bytes_max)) break;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return group;
}

void Transactor::answer(Group group, const Result<std::uint64_t>& outcome) {
  const bool posted = !answered_.empty();
  for (Waiting& waiting : group) {
    *waiting.answer = outcome;
    answered_.push_back(std::move(waiting.resume));
  }
  if (!posted) boost::asio::post(shared_.scheduler.executor(), [this] { resume_answered(); });
}

// They hear of their commits in the order of the commits, whatever order the executor keeps.
void Transactor::resume_answered() {
  for (auto& resume : std::exchange(answered_, {})) resume();
}

Task<Result<std::uint64_t>> Transactor::carry_out(Group& group) {
  const auto written = co_await write_until_taken(group, true);
  if (!written) co_return std::unexpected(written.error());
  CommitPart all{.pipeline = config_.id};
  for (const Waiting& waiting : group) append(all, waiting.share->complete());
  if (!*written) co_return co_await shared_.sequencer.commit(all, config_.durability);
  co_return co_await carry_out(group, std::move(all));
}

Task<Result<std::uint64_t>> Transactor::carry_out(Group& group, CommitPart all) {
  const InDoubt doubt{last_ + 1, shared_.scheduler.wall()};
  auto part = std::make_shared<CommitPart>(std::move(all));
  CommitPart intends{.pipeline = config_.id};
  intends.intent = Intent{config_.sink, doubt.number, doubt.since, part};
  if (!mutated(Mutation::commit_without_intent)) {
    const auto noted = co_await shared_.sequencer.commit(intends, Durability::sync);
    if (!noted) {
      co_await sink_.abort();
      co_return noted;
    }
  }
  if (mutated(Mutation::apply_before_transaction)) {
    const auto early = co_await shared_.sequencer.commit(*part, Durability::sync);
    if (!early) co_return early;
    part = std::make_shared<CommitPart>(CommitPart{.pipeline = config_.id});
  }
  const Result<> happened = co_await commit_transaction(group, doubt);
  if (!happened) co_return std::unexpected(happened.error());
  last_ = doubt.number;
  // Others may have been promised that these rows stay as they are for a moment.
  co_await shared_.sequencer.claims().pass(this, part->rows);
  part->ends_intent = true;
  co_return co_await shared_.sequencer.commit(*part, config_.durability);
}

// Until it has taken place. What is known not to have is written once more, as it was: the intent
// stands.
Task<Result<>> Transactor::commit_transaction(Group& group, InDoubt doubt) {
  for (;;) {
    const Result<> committed = co_await sink_.commit();
    if (committed) co_return Result<>();
    trouble_ = committed.error().message;
    const auto happened = co_await took_place(doubt);
    if (!happened) co_return std::unexpected(happened.error());
    if (*happened) co_return Result<>();
    const auto written = co_await write_until_taken(group, false);
    if (!written) co_return std::unexpected(written.error());
  }
}

Task<Result<bool>> Transactor::took_place(InDoubt doubt) {
  for (std::uint32_t attempt = 1;; ++attempt) {
    const auto last = co_await sink_.recover(doubt);
    if (last && (*last == doubt.number || *last + 1 == doubt.number))
      co_return *last == doubt.number;
    if (last)
      co_return fail(Fault::fenced, "somebody else commits transactions in the name of sink " +
                                        config_.sink + ": of this data folder there is a copy");
    if (!is_waited_for(last.error().fault)) co_return std::unexpected(last.error());
    const bool again = co_await wait_for_sink(last.error(), attempt);
    if (!again) co_return fail(Fault::cancelled, "stopped");
  }
}

// False: there is nothing to write, or nothing that the sink takes. Once the commits are complete
// nothing may be refused any more.
Task<Result<bool>> Transactor::write_until_taken(Group& group, bool refusable) {
  for (std::uint32_t attempt = 1;; ++attempt) {
    const bool nothing = std::ranges::all_of(
        group, [](const Waiting& waiting) { return waiting.share->effects.empty(); });
    if (nothing) co_return false;
    const Result<> written = co_await write(group, refusable);
    if (written) {
      trouble_.clear();
      co_return true;
    }
    co_await sink_.abort();
    if (refusable && written.error().fault == Fault::bad_event) {
      attempt = 0;  // The rest at once.
      continue;
    }
    if (!is_waited_for(written.error().fault)) co_return std::unexpected(written.error());
    const bool again = co_await wait_for_sink(written.error(), attempt);
    if (!again) co_return fail(Fault::cancelled, "stopped");
  }
}

// All of the group, up to the point where nothing is missing but the commit. Fault::bad_event: some
// of it was refused, and taken out.
Task<Result<>> Transactor::write(Group& group, bool refusable) {
  Result<> begun = co_await sink_.begin(last_ + 1);
  if (!begun) co_return begun;
  Result<> outcome;
  for (const Waiting& waiting : group) {
    Share& share = *waiting.share;
    if (share.effects.empty()) continue;
    SinkBatch batch = share.batch;
    batch.effects = share.effects;
    const auto answers = co_await sink_.write(batch);
    if (!answers.empty() && answers.size() != share.effects.size())
      co_return fail(Fault::transient, "the sink answered " + std::to_string(answers.size()) +
                                           " results for " + std::to_string(share.effects.size()) +
                                           " effects");
    bool refused = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i]) continue;
      const Error& error = answers[i].error();
      const bool waits = is_waited_for(error.fault) || error.fault == Fault::fenced;
      if (waits && (outcome || outcome.error().fault == Fault::bad_event)) outcome = answers[i];
      if (waits) continue;
      if (!refusable)
        co_return fail(
            Fault::bad_config,
            "sink " + config_.sink + " refuses what it had taken before: " + error.message);
      share.refuse(share.effects[i], error);
      refused = true;
      if (outcome) outcome = fail(Fault::bad_event, error.message);
    }
    if (refused) std::erase_if(share.effects, share.given_up);
    // What comes behind would be in vain.
    if (!outcome && outcome.error().fault != Fault::bad_event) co_return outcome;
  }
  if (!outcome) co_return outcome;
  co_return co_await sink_.prepare();
}

// False: it is not to be waited for any longer.
Task<bool> Transactor::wait_for_sink(const Error& error, std::uint32_t attempt) {
  trouble_ = error.message;
  if (std::has_single_bit(attempt))
    shared_.log.write(LogLevel::warning, config_.pipeline + ": sink " + config_.sink +
                                             " is waited for: " + error.message);
  Duration pause = backoff(config_.backoff, attempt, shared_.scheduler.random());
  pause = std::max<Duration>(pause, error.retry_after);
  const Instant until = shared_.scheduler.now() + pause;
  while (!stopping_ && shared_.scheduler.now() < until) co_await wake_.wait_until(until);
  co_return !stopping_;
}

}  // namespace tidemill
