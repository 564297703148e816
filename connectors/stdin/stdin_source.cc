#include "stdin_source.h"

#include <chrono>
#include <utility>

namespace tidemill::stdin {
namespace {

// Where the kernel does not tell of new input, it is looked for.
constexpr auto look_again_after = std::chrono::milliseconds(200);

}  // namespace

StdinSource::StdinSource(Config config, Services services, std::shared_ptr<StdinTape> tape)
    : config_(std::move(config)),
      services_(std::move(services)),
      tape_(std::move(tape)),
      watch_(services_.scheduler) {}

StdinSource::~StdinSource() { give_back(); }

SourceTraits StdinSource::traits() const {
  return {.progress = ProgressKind::log, .can_exhaust = true};
}

Task<Result<>> StdinSource::open(const Progress& progress) {
  give_back();
  ended_ = false;
  auto borrowed = tape_->borrow(config_, progress.next(Partition(0)).value_or(Offset(0)));
  borrowed_ = borrowed.has_value();
  co_return borrowed;
}

Task<Result<PollEnd>> StdinSource::poll(Credit credit, std::vector<Event>& out) {
  const std::size_t before = out.size();
  while (!interrupted_) {
    const auto taken = tape_->take(credit, services_.scheduler.wall(), out);
    if (out.size() > before || taken == StdinTape::Taken::no_room) co_return PollEnd::more;
    if (ended_) co_return PollEnd::exhausted;
    auto work = [this] { return tape_->fill(); };
    const auto filled = co_await run_blocking(services_.scheduler, std::move(work));
    if (!filled) co_return std::unexpected(filled.error());
    ended_ = *filled == StdinTape::Fill::ended;
    if (*filled != StdinTape::Fill::nothing) continue;
    const bool told = watch_.listen(tape_->descriptor());
    const Instant next_look = services_.scheduler.now() + look_again_after;
    if (told)
      co_await watch_.news().wait();
    else
      co_await watch_.news().wait_until(next_look);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

void StdinSource::interrupt() {
  interrupted_ = true;
  watch_.news().notify();
}

Task<Result<>> StdinSource::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled) tape_->settle(one.offset);
  co_return Result<>();
}

Task<> StdinSource::close() {
  watch_.stop();
  give_back();
  co_return;
}

void StdinSource::give_back() {
  if (std::exchange(borrowed_, false)) tape_->give_back();
}

}  // namespace tidemill::stdin
