// NativeCall: one call of a plugin's handle() - the request as C structs, and what the engine lends
// to the plugin while it runs. It has to live until the response is freed, because the response may
// point into the request; then it is reused, buffers and all, so that a warm function allocates
// nothing per event.
//
// Driven by NativeFunction: begin, handle(), end, the plugin's free_response(), recycle. One thread
// at a time; cancel() and `expired` from any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/invoke/response_memory.h"
#include "core/invoke/table_access.h"
#include "tidemill/bytes.h"
#include "tidemill/function_abi.h"
#include "tidemill/invocation.h"
#include "tidemill/log.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill {

/// What the engine lends to a native function. `log` outlives the function and its responses.
struct NativeHost {
  std::function<Instant()> now;  ///< Thread-safe.
  Log* log = nullptr;
  TableReader read_row;                        ///< Empty: the function may read no table.
  TableScanner scan_rows{};                    ///< Likewise.
  std::uint64_t memory_bytes_max = 512 << 20;  ///< What the response of one invocation may hold.
  std::string function;                        ///< Its name, for the log.
};

/// The events of an invocation that have the form of the ABI already, as a worker is handed them.
struct RawEvents {
  /// What the identity of an event needs, besides the texts in its struct.
  struct Position {
    tidemill_slice version{};
    std::uint64_t offset = 0;
    std::uint32_t partition = 0;
    std::uint32_t reserved = 0;
  };

  std::span<const tidemill_event> events;
  std::span<const Position> positions;  ///< One for each event.
  /// As Request::read_object, for the event at this index; never empty.
  std::function<Result<Bytes>(std::size_t event, std::uint64_t bytes_max)> read_object;
};

class NativeCall {
 public:
  /// `host` outlives the call.
  explicit NativeCall(const NativeHost& host) : host_(host) {}
  NativeCall(const NativeCall&) = delete;
  NativeCall& operator=(const NativeCall&) = delete;

  /// The request for the plugin. It points into `request` and everything that one views; with
  /// `raw`, those are its events, and `request` is not asked for any.
  const tidemill_request* begin(const Request& request, std::string_view function_version,
                                const RawEvents* raw = nullptr);

  /// handle() has returned: what was read for it is let go, and the host serves no more reads.
  void end();

  /// The response is freed: ready for the next begin(). Returns the bytes that the plugin took
  /// from the host and did not give back.
  std::uint64_t recycle();

  /// From any thread, while handle() runs: `expired` says yes from now on.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  /// Whether the plugin was refused memory beyond the limit.
  bool memory_refused() const { return memory_refused_; }

  /// What handle() read of tables, and how many bytes its response holds. Once, after end().
  std::vector<RowRead> take_reads() { return std::move(reads_); }
  std::uint64_t bytes_held() const { return bytes_held_; }

  /// Room for the attributes of effects; lives as long as the response.
  std::vector<Attribute>& metadata() { return metadata_; }

  void* instance = nullptr;               ///< The one that serves this call.
  const Request* acquired_for = nullptr;  ///< Its pool's own note.

 private:
  struct Callbacks;
  friend struct Callbacks;

  void fill(std::span<const Event> events);
  Result<Bytes> object_of(std::size_t event, std::uint64_t bytes_max) const;
  Result<Bytes> scan(const tidemill_scan& scan);
  const Event& identified(std::size_t event);
  tidemill_slice keep_error(std::string sentence);

  const NativeHost& host_;
  const Request* request_ = nullptr;  ///< Set exactly between begin() and end().
  const RawEvents* raw_events_ = nullptr;
  Instant deadline_;
  std::atomic<bool> cancelled_ = false;
  std::uint64_t bytes_held_ = 0;
  bool memory_refused_ = false;
  ResponseMemory memory_;
  tidemill_request raw_{};
  std::vector<tidemill_event> events_;
  Event identified_;
  std::vector<tidemill_pair> extensions_;  ///< Of all events, one after the other.
  std::deque<std::string> ids_;            ///< Built by event_id; each holds many, never regrown.
  std::vector<Bytes> objects_;             ///< By event, once the first was read.
  std::vector<Bytes> rows_;
  std::deque<ScanPage> pages_;  ///< What scans found; they view `rows_`.
  std::vector<RowRead> reads_;
  std::deque<std::string> errors_;
  std::vector<Attribute> metadata_;
};

}  // namespace tidemill
