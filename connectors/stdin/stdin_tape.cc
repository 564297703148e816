#include "stdin_tape.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tidemill/posix.h"

namespace tidemill::stdin {

Result<> StdinTape::borrow(const Config& config, Offset next) {
  if (borrowed_) return fail(Fault::bad_config, "another pipeline reads standard input");
  borrowed_ = true;
  if (!reader_) {
    base_ = next;
    events_.emplace(config);
    reader_.emplace(config, source_);
    decoder_.emplace(config.compression, [this](std::span<char> room) { return read_raw(room); });
  }
  settle(next);
  again_ = 0;
  return {};
}

StdinTape::Taken StdinTape::take(Credit credit, WallTime now, std::vector<Event>& out) {
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  for (; again_ < unsettled_.size(); ++again_) {
    const Event& event = unsettled_[again_];
    if (!credit.allows(event.bytes(), taken, taken_bytes)) return Taken::no_room;
    ++taken;
    taken_bytes += event.bytes();
    out.push_back(event);
  }
  while (const records::Record* const record = reader_->peek()) {
    if (!credit.allows(record->text.size(), taken, taken_bytes)) return Taken::no_room;
    ++taken;
    taken_bytes += record->text.size();
    unsettled_.push_back(make_event(*record, now));
    again_ = unsettled_.size();
    out.push_back(unsettled_.back());
    reader_->take();
  }
  return Taken::all;
}

Event StdinTape::make_event(const records::Record& record, WallTime now) const {
  Event event;
  event.offset = Offset(base_.value + record.begin);
  event.offset_next = Offset(base_.value + record.end);
  event.source = *source_;
  event.type = "tidemill.stdin.record";
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);
  events_->fill(record, event);
  return event;
}

Result<StdinTape::Fill> StdinTape::fill() {
  const auto unreadable = [](const Error& error) {
    return fail(error.fault, "cannot read standard input: " + error.message);
  };
  const auto room = reader_->room();
  auto got = decoder_->read(room);
  if (got && *got == 0 && end_seen_) {
    decoder_->end();
    got = decoder_->read(room);
  }
  if (!got) return unreadable(got.error());
  reader_->filled(*got);
  const bool last = *got == 0 && end_seen_;
  if (last) reader_->end();
  std::ignore = reader_->peek();  // Now is the time to look at the header.
  if (!reader_->fault().empty()) return unreadable({Fault::bad_config, reader_->fault()});
  if (*got > 0 || (last && !std::exchange(finished_, true))) return Fill::some;
  return last ? Fill::ended : Fill::nothing;
}

// Nothing where it would have to wait: that is done where it can be ended.
Result<std::size_t> StdinTape::read_raw(std::span<char> room) {
  for (;;) {
    pollfd ready{fd_, POLLIN, 0};
    const int answer = ::poll(&ready, 1, 0);
    if (answer == 0) return 0;
    const ssize_t got = answer < 0 ? -1 : ::read(fd_, room.data(), room.size());
    if (got < 0 && (errno == EINTR)) continue;
    if (got < 0 && errno == EAGAIN) return 0;
    if (got < 0)
      return fail_errno(errno == EBADF ? Fault::bad_config : Fault::transient, "a read failed");
    end_seen_ = got == 0;
    return static_cast<std::size_t>(got);
  }
}

void StdinTape::settle(Offset offset) {
  while (!unsettled_.empty() && unsettled_.front().offset < offset) {
    unsettled_.pop_front();
    again_ -= std::min<std::size_t>(again_, 1);
  }
}

}  // namespace tidemill::stdin
