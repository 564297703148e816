// StdinTape: what was read from a descriptor that gives nothing twice.
//
// Outlives the sources that read it: when a pipeline is made anew within the process, the next one
// gets again what the one before it had taken and not settled. That is bounded by the credits under
// which it was taken. One source at a time; one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "records/decoder.h"
#include "records/record_event.h"
#include "records/record_reader.h"
#include "stdin.h"
#include "tidemill/source.h"

namespace tidemill::stdin {

class StdinTape {
 public:
  enum class Fill {
    some,     ///< There may be new records.
    nothing,  ///< Nothing more, for now.
    ended,    ///< Nothing more, ever.
  };
  enum class Taken { all, no_room };

  /// Does not own `fd`.
  explicit StdinTape(int fd) : fd_(fd), source_(std::make_shared<const std::string>("stdin:")) {}

  int descriptor() const { return fd_; }
  const std::string& source() const { return *source_; }

  /// Lends the tape to one reader, who gets what begins at `next` and was taken before, and then
  /// what is new. The first reader's `config` counts, and its `next` is where offsets begin.
  ///
  /// Errors: bad_config (somebody else has it).
  Result<> borrow(const Config& config, Offset next);
  void give_back() { borrowed_ = false; }

  /// Appends events that were read, within `credit`.
  Taken take(Credit credit, WallTime now, std::vector<Event>& out);

  /// Reads on; never waits for more than a disk. Precondition: take() gave all there was.
  ///
  /// Errors: bad_config (a damaged archive, no usable header), transient.
  Result<Fill> fill();

  /// Events below `offset` are not needed any more.
  void settle(Offset offset);

 private:
  Result<std::size_t> read_raw(std::span<char> room);
  Event make_event(const records::Record& record, WallTime now) const;

  const int fd_;
  const std::shared_ptr<const std::string> source_;
  bool borrowed_ = false;
  Offset base_;  ///< Of the first byte.
  std::optional<records::RecordEvents> events_;
  std::optional<records::RecordReader> reader_;
  std::optional<records::Decoder> decoder_;
  bool end_seen_ = false;
  bool finished_ = false;

  std::deque<Event> unsettled_;  ///< All events that were taken and are not settled.
  std::size_t again_ = 0;        ///< The next of them to hand over again; all: none.
};

}  // namespace tidemill::stdin
