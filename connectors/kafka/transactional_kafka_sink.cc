#include "transactional_kafka_sink.h"

#include <chrono>
#include <utility>

namespace tidemill::kafka {
namespace {

// Brokers forget the number of a transaction that nothing has followed for long: for
// offsets.retention.minutes, which are seven days where nobody has changed it.
constexpr auto kept_at_least = std::chrono::hours(24);

}  // namespace

std::string transactional_id(const std::string& instance) {
  return instance.empty() ? std::string() : "tidemill." + instance;
}

TransactionalKafkaSink::TransactionalKafkaSink(SinkConfig config, Services services)
    : services_(std::move(services)),
      place_{transactional_id(services_.instance), config.topic},
      records_(std::move(config), services_, place_.group) {}

SinkTraits TransactionalKafkaSink::traits() const {
  SinkTraits traits = records_.traits();
  traits.idempotence = Idempotence::atomic;
  return traits;
}

Task<Result<>> TransactionalKafkaSink::open() {
  Result<> opened = co_await records_.open();
  state_ = opened ? State::connected : State::none;
  under_way_ = false;
  co_return opened;
}

// One of the calls that block. The client that a failed one leaves behind is not used again, but
// where the transaction alone has failed.
template <class Call>
Task<Result<>> TransactionalKafkaSink::ask(Call call) {
  auto work = [client = records_.client(), call] { return call(*client); };
  Result<> answer = co_await run_blocking(services_.scheduler, std::move(work));
  if (!answer && answer.error().fault == Fault::fenced) {
    // Nobody else may be to blame: a transaction that took too long ends like that too. Whether
    // somebody is, the number tells.
    state_ = State::none;
    answer = fail(Fault::unavailable, answer.error().message);
  }
  co_return answer;
}

// The number of the last transaction, as last_transaction().
Task<Result<std::optional<std::uint64_t>>> TransactionalKafkaSink::make_anew() {
  if (state_ != State::connected) {
    const Result<> opened = co_await open();
    if (!opened) co_return std::unexpected(opened.error());
  }
  state_ = State::none;
  under_way_ = false;
  auto work = [client = records_.client(),
               place = place_]() -> Result<std::optional<std::uint64_t>> {
    if (auto begun = begin_life(*client); !begun) return std::unexpected(begun.error());
    return last_transaction(*client, place);
  };
  auto last = co_await run_blocking(services_.scheduler, std::move(work));
  if (last) {
    state_ = State::ready;
  } else {
    last = std::unexpected(Error{last.error().fault, place() + ": " + last.error().message, {}});
  }
  co_return last;
}

Task<Result<std::uint64_t>> TransactionalKafkaSink::recover(std::optional<InDoubt> doubt) {
  const auto last = co_await make_anew();
  if (!last) co_return std::unexpected(last.error());
  if (*last) co_return **last;
  if (!doubt) co_return std::uint64_t{0};
  const std::uint64_t now = services_.scheduler.wall().value;
  const auto kept = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(kept_at_least).count());
  if (now < doubt->since.value + kept) co_return doubt->number - 1;
  state_ = State::none;
  const std::string number = std::to_string(doubt->number);
  co_return fail(
      Fault::bad_config,
      place() + ": the brokers no longer know whether transaction " + number +
          " took place; look whether its records are there, and set the offset of group " +
          place_.group + " for partition 0 to " + number + " if they are, else to " +
          std::to_string(doubt->number - 1));
}

Task<Result<>> TransactionalKafkaSink::begin(std::uint64_t number) {
  if (state_ != State::ready || records_.broken()) {
    if (state_ == State::ready) state_ = State::none;
    const auto last = co_await make_anew();
    if (!last) co_return std::unexpected(last.error());
    if (*last && **last + 1 != number) {
      state_ = State::none;
      co_return fail(Fault::fenced, place() + ": somebody else writes as " + place_.group +
                                        ": of this data folder there is a copy at work");
    }
  }
  number_ = number;
  const Result<> begun = co_await ask(&begin_transaction);
  under_way_ = begun.has_value();
  if (!begun) state_ = State::none;
  co_return begun;
}

Task<std::vector<Result<>>> TransactionalKafkaSink::write(SinkBatch batch) {
  auto results = co_await records_.write_in_transaction(batch, suspects_);
  co_return results;
}

Task<Result<>> TransactionalKafkaSink::prepare() {
  auto add = [place = place_, number = number_](Client& client) {
    return add_number(client, place, number);
  };
  Result<> added = co_await ask(std::move(add));
  co_return added;
}

Task<Result<>> TransactionalKafkaSink::commit() {
  Result<> committed = co_await ask(&commit_transaction);
  under_way_ = false;
  if (committed) {
    suspects_.clear();
  } else {
    state_ = State::none;
  }
  co_return committed;
}

// Readers need not wait for its end. What comes next has a new client all the same: after records
// that failed, the numbers of those behind them may not fit any more.
Task<> TransactionalKafkaSink::abort() {
  if (std::exchange(under_way_, false) && state_ == State::ready)
    std::ignore = co_await ask(&abort_transaction);
  state_ = State::none;
}

}  // namespace tidemill::kafka
