// Function: the third interface - where batches become responses. The engine's side of it; authors
// of functions write against function.h, which reaches this through the C ABI.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/effect.h"
#include "tidemill/event.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill {

/// What one invocation is given. All views live until its response is dropped.
struct Request {
  std::span<const Event> events;  ///< At least one.
  std::string_view request_id;
  std::uint32_t attempt = 1;  ///< 1 for the first.
  Duration timeout{0};  ///< Counted from when the handler starts, not from when it was queued.
  std::uint64_t seed = 0;
  /// Source::read_object of the pipeline's source; called from the invoking thread.
  std::function<Result<Bytes>(const Event&, std::uint64_t bytes_max)> read_object;
};

/// An event that failed while others of its batch may stand.
struct EventFailure {
  std::uint32_t event = 0;  ///< Index in Request::events.
  Fault fault = Fault::transient;
  std::string reason;
};

/// A row that the handler looked at, and how fresh it was: whether another commit has changed the
/// row meanwhile is judged when the effects commit.
struct RowRead {
  TableId table;
  std::uint64_t key_hash = 0;  ///< xxh3-64 of the row's key.
  std::uint64_t commit = 0;    ///< All commits up to this one were visible to the read.
};

/// What came of it. Exactly one of: `error` (the batch failed as a whole), or effects + failures.
struct Answer {
  std::optional<Error> error;
  std::vector<Effect> effects;  ///< Grouped by event, in the order the function asked for them.
  std::vector<EventFailure> failures;
  std::vector<RowRead> reads;        ///< Empty when the handler read no table.
  std::uint64_t bytes = 0;           ///< Memory that `keep` holds.
  std::shared_ptr<const void> keep;  ///< Owns what the effects view, besides the request itself.
};

struct FunctionTraits {
  bool non_blocking = false;  ///< invoke() takes microseconds and may run on the event loop.
  std::vector<std::string> outputs;
};

class Function {
 public:
  virtual ~Function() = default;

  virtual const FunctionTraits& traits() const = 0;

  /// Hash of binary and configuration; recorded in dead letters.
  virtual std::string_view version() const = 0;

  /// Runs the handler. Blocking; may be called from several threads at once (it finds or creates an
  /// idle instance for each). Whatever the handler does wrong is in the answer: never throws.
  virtual Answer invoke(const Request& request) = 0;
};

}  // namespace tidemill
